// list.js: the table of records, of which the page holds a hundred at a time.

const ROWS = 100;

// find lists the places of the records that were asked for: of the job and of the processes, of the node, of the
// kind, with all the words sought.
function find(run) {
  const r = run.records, words = run.query.toLowerCase().split(/\s+/).filter(Boolean);
  const quiet = run.tones.indexOf("quiet"), process = run.tones.indexOf("process");
  const list = [];
  for (let i = 0; i < r.count; i++) {
    if (r.tone[i] === quiet && !run.every && !words.length ||
      run.job >= 0 && r.job[i] !== run.job && !(r.job[i] < 0 && r.tone[i] === process) ||
      run.node >= 0 && r.node[i] !== run.node || run.kind >= 0 && r.kind[i] !== run.kind) {
      continue;
    }
    if (words.length) {
      const text = (filled(run, r, i) + " #" + sequence(run, i)).toLowerCase();
      if (!words.every((word) => text.includes(word))) {
        continue;
      }
    }
    list.push(i);
  }
  run.found = list;
  run.hits = words.length ? list : [];
}

// list shows the records from run.first on.
function list(run) {
  const all = run.found;
  run.first = Math.max(0, Math.min(run.first, Math.max(0, all.length - 1)));
  const some = all.slice(run.first, run.first + ROWS);
  const table = part(run, "rows").firstElementChild;
  table.setAttribute("aria-rowcount", all.length + 1);
  table.tHead.rows[0].setAttribute("aria-rowindex", 1);
  table.tBodies[0].replaceChildren(...some.map((place, n) => row(run, place, run.first + n + 2)));
  const which = all.length === 0 ? "No record fits" : "Records " + grouped(run.first + 1) + " to " +
    grouped(run.first + some.length) + " of " + grouped(all.length);
  const whose = [];
  if (run.job >= 0) { whose.push("of " + run.jobs[run.job] + " and of what happened to the processes"); }
  if (run.node >= 0) { whose.push("on " + run.nodes[run.node]); }
  if (run.kind >= 0) { whose.push("about " + run.kinds[run.kind]); }
  part(run, "count").textContent = [which].concat(whose).join(" ") + ". " + run.note;
  const atStart = run.first === 0, atEnd = run.first + ROWS >= all.length;
  part(run, "first").disabled = part(run, "earlier").disabled = atStart;
  part(run, "last").disabled = part(run, "later").disabled = atEnd;
}

function grouped(n) { return String(n).replace(/\B(?=(\d{3})+$)/g, ","); }

function row(run, place, index) {
  const tr = document.createElement("tr");
  tr.id = run.prefix + sequence(run, place);
  tr.className = run.tones[run.records.tone[place]];
  tr.tabIndex = -1;
  tr.setAttribute("aria-rowindex", index);
  const link = document.createElement("a");
  link.href = "#" + tr.id;
  link.textContent = sequence(run, place);
  const time = document.createElement("time");
  time.textContent = instant(run.records.at[place]);
  for (const content of [link, time, filled(run, run.records, place)]) {
    const td = document.createElement("td");
    td.append(content);
    tr.append(td);
  }
  tr.cells[0].className = tr.cells[1].className = "number";
  return tr;
}

function turn(run, to) {
  run.first = to;
  list(run);
  part(run, "rows").scrollTop = 0;
}

// seek brings a record into the table and into the drawing, whatever was asked for, and goes to it.
function seek(run, seq) {
  const place = placeOf(run, seq), r = run.records;
  if (place < 0) {
    return;
  }
  if (!run.found.includes(place)) {
    const wanted = { query: "", node: -1, kind: -1, every: run.every || run.tones[r.tone[place]] === "quiet" };
    if (run.job >= 0 && r.job[place] !== run.job) {
      wanted.job = r.job[place];
    }
    ask(run, wanted);
  }
  const at = run.found.indexOf(place);
  run.first = Math.max(0, at - 10);
  list(run);
  if (!run.keep) {
    around(run, place);
  }
  run.keep = false;
  select(run, itemOf(run, place));
  const tr = document.getElementById(run.prefix + seq), rows = part(run, "rows");
  tr.classList.add("sought");
  rows.scrollTop += tr.getBoundingClientRect().top - rows.getBoundingClientRect().top - rows.clientHeight / 3;
  window.scrollBy(0, tr.getBoundingClientRect().bottom + 70 - window.innerHeight); // with the drawing above it
  tr.focus({ preventScroll: true });
}

