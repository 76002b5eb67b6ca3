"use strict";
// The page works without this script: it adds choosing a job, zooming, walking the drawing by keyboard,
// and the records that are not part of the story that the page itself holds.
(function () {
  const ROWS = 100;
  const ZOOM = [1, 2, 4, 8, 16, 32];
  const SEQ = 0, AT = 1, JOB = 2, TONE = 3, TEXT = 4;
  const runs = [];

  function part(run, role) { return run.root.querySelector('[data-role="' + role + '"]'); }

  function begin(root) {
    const run = { root: root, number: root.dataset.run, job: root.dataset.selected, query: "", all: false, zoom: 0, first: 0 };
    const data = JSON.parse(part(run, "data").textContent);
    run.prefix = data.prefix;
    run.jobs = data.jobs;
    run.records = data.records || [];
    run.hint = part(run, "count").textContent;
    run.lanes = root.querySelector(".lanes");
    run.scroll = root.querySelector(".scroll");
    run.detail = root.querySelector(".detail");
    runs.push(run);
    part(run, "job").addEventListener("change", (e) => choose(run, e.target.value));
    part(run, "search").addEventListener("input", (e) => { run.query = e.target.value; run.first = 0; list(run); });
    part(run, "all").addEventListener("change", (e) => { run.all = e.target.checked; run.first = 0; list(run); });
    part(run, "earlier").addEventListener("click", () => { run.first -= ROWS; list(run); });
    part(run, "later").addEventListener("click", () => { run.first += ROWS; list(run); });
    part(run, "in").addEventListener("click", () => zoom(run, run.zoom + 1));
    part(run, "out").addEventListener("click", () => zoom(run, run.zoom - 1));
    part(run, "fit").addEventListener("click", () => zoom(run, 0));
    run.lanes.addEventListener("keydown", (e) => walk(run, e));
    run.scroll.addEventListener("keydown", (e) => enter(run, e));
    for (const kind of ["mouseover", "focusin"]) {
      run.lanes.addEventListener(kind, (e) => tell(run, e.target.closest("a")));
    }
    choose(run, run.job);
  }

  // choose shows the lane of one job, sets its claims off from the others', and lists its records.
  function choose(run, job) {
    run.job = job;
    run.first = 0;
    part(run, "job").value = job;
    run.root.dataset.selected = job;
    run.lanes.classList.toggle("chosen", job !== "");
    for (const lane of run.lanes.querySelectorAll('.lane[data-kind="job"]')) {
      lane.hidden = lane.dataset.job !== job;
      const kept = lane.querySelector("template"); // what is hidden at first costs nothing until it is shown
      if (kept && !lane.hidden) {
        kept.replaceWith(kept.content);
      }
    }
    for (const bar of run.lanes.querySelectorAll(".bar")) {
      bar.classList.toggle("on", bar.dataset.job === job);
    }
    measure(run);
    list(run);
  }

  // measure hides what a bar is too narrow for: who, or the whole label.
  function measure(run) {
    const track = run.lanes.querySelector(".axis .track").getBoundingClientRect().width;
    for (const bar of run.lanes.querySelectorAll(".bar")) {
      const text = bar.querySelector("text");
      if (!text) {
        continue;
      }
      const width = parseFloat(bar.querySelector("svg").getAttribute("width")) / 100 * track;
      bar.classList.toggle("thin", width < 5 + 6.2 * text.firstChild.length);
      bar.classList.toggle("short", width < 5 + 6.2 * text.textContent.length);
    }
  }

  function zoom(run, level) {
    const next = Math.max(0, Math.min(ZOOM.length - 1, level));
    const middle = (run.scroll.scrollLeft + run.scroll.clientWidth / 2) / run.scroll.scrollWidth;
    run.zoom = next;
    run.lanes.style.setProperty("--zoom", ZOOM[next]);
    run.lanes.dataset.level = ZOOM[next] >= 16 ? 2 : ZOOM[next] >= 4 ? 1 : 0;
    run.scroll.scrollLeft = middle * run.scroll.scrollWidth - run.scroll.clientWidth / 2;
    part(run, "out").disabled = next === 0;
    part(run, "in").disabled = next === ZOOM.length - 1;
    measure(run);
  }

  function tell(run, item) {
    if (item) {
      run.detail.textContent = item.getAttribute("aria-label");
    }
  }

  function items(lane) {
    return Array.from(lane.querySelectorAll("a")).sort((a, b) => place(a) - place(b));
  }

  function place(item) {
    return parseFloat(item.querySelector("svg, use").getAttribute("x"));
  }

  // enter goes into the drawing with the arrow keys, and zooms.
  function enter(run, e) {
    if (e.ctrlKey || e.metaKey || e.altKey) {
      return;
    }
    if (e.key === "+" || e.key === "=") {
      zoom(run, run.zoom + 1);
    } else if (e.key === "-") {
      zoom(run, run.zoom - 1);
    } else if (e.target === run.scroll && e.key === "ArrowDown") {
      const lanes = rows(run);
      const own = lanes.find((lane) => lane.dataset.job === run.job) || lanes[0];
      if (own) {
        items(own)[0].focus();
      }
    } else {
      return;
    }
    e.preventDefault();
  }

  function rows(run) {
    return Array.from(run.lanes.querySelectorAll(".lane[data-lane]:not([hidden])")).filter((l) => l.querySelector("a"));
  }

  function walk(run, e) {
    const item = e.target.closest("a");
    if (!item || e.ctrlKey || e.metaKey || e.altKey) {
      return;
    }
    const lane = item.closest(".lane");
    const all = items(lane);
    const at = all.indexOf(item);
    const lanes = rows(run);
    const row = lanes.indexOf(lane);
    let to = null;
    switch (e.key) {
      case "ArrowRight": to = all[at + 1]; break;
      case "ArrowLeft": to = all[at - 1]; break;
      case "Home": to = all[0]; break;
      case "End": to = all[all.length - 1]; break;
      case "ArrowDown": to = nearest(lanes[row + 1], item); break;
      case "ArrowUp": to = nearest(lanes[row - 1], item); break;
      case "Escape": to = run.scroll; break;
      default: return;
    }
    e.preventDefault();
    if (to) {
      to.focus();
    }
  }

  function nearest(lane, item) {
    if (!lane) {
      return null;
    }
    const x = place(item);
    return items(lane).reduce((best, other) => Math.abs(place(other) - x) < Math.abs(place(best) - x) ? other : best);
  }

  // found are the records to list: of the chosen job and of the processes, with all the words sought.
  function found(run) {
    const job = run.job === "" ? -2 : run.jobs.indexOf(run.job);
    const words = run.query.toLowerCase().split(/\s+/).filter(Boolean);
    return run.records.filter((r) => {
      if (r[TONE] === "quiet" && !run.all && !words.length) {
        return false;
      }
      if (job !== -2 && r[JOB] !== job && !(r[JOB] < 0 && r[TONE] === "process")) {
        return false;
      }
      const text = words.length ? (r[TEXT] + " #" + r[SEQ]).toLowerCase() : "";
      return words.every((word) => text.includes(word));
    });
  }

  function list(run) {
    const all = found(run);
    run.first = Math.max(0, Math.min(run.first, Math.max(0, all.length - 1)));
    const some = all.slice(run.first, run.first + ROWS);
    const body = run.root.querySelector(".records tbody");
    body.replaceChildren(...some.map((r) => row(run, r)));
    const which = all.length === 0 ? "No record fits" : "Records " + (run.first + 1) + " to " +
      (run.first + some.length) + " of " + all.length;
    const whose = run.job === "" ? "" : " of " + run.job + " and of what happened to the processes";
    part(run, "count").textContent = which + whose + ". " + run.hint;
    part(run, "earlier").hidden = run.first === 0;
    part(run, "later").hidden = run.first + ROWS >= all.length;
  }

  function row(run, r) {
    const tr = document.createElement("tr");
    tr.id = run.prefix + r[SEQ];
    tr.className = r[TONE];
    tr.tabIndex = -1;
    const link = document.createElement("a");
    link.href = "#" + tr.id;
    link.textContent = r[SEQ];
    const time = document.createElement("time");
    time.textContent = r[AT];
    for (const content of [link, time, r[TEXT]]) {
      const td = document.createElement("td");
      td.append(content);
      tr.append(td);
    }
    tr.cells[0].className = tr.cells[1].className = "number";
    return tr;
  }

  // seek brings a record into the table, whatever was listed, and goes to it.
  function seek(run, seq) {
    const wanted = run.records.find((r) => r[SEQ] === seq);
    if (!wanted) {
      return;
    }
    if (found(run).indexOf(wanted) < 0) {
      run.query = part(run, "search").value = "";
      if (wanted[TONE] === "quiet") {
        run.all = part(run, "all").checked = true;
      }
      if (found(run).indexOf(wanted) < 0) {
        choose(run, wanted[JOB] >= 0 ? run.jobs[wanted[JOB]] : "");
      }
    }
    const at = found(run).indexOf(wanted);
    run.first = Math.max(0, at - 10);
    list(run);
    const tr = document.getElementById(run.prefix + seq);
    tr.classList.add("sought");
    tr.scrollIntoView({ block: "center" });
    tr.focus({ preventScroll: true });
  }

  // follow does what the address asks for: a record (#r12, #run-2-r12) or a job (#job=NAME, #run=2&job=NAME).
  function follow() {
    const fragment = location.hash.slice(1);
    const record = /^(run-\d+-)?r(\d+)$/.exec(fragment);
    if (record) {
      const run = runs.find((r) => r.prefix === (record[1] || "") + "r");
      if (run) {
        seek(run, Number(record[2]));
      }
      return;
    }
    const asked = new URLSearchParams(fragment);
    const job = asked.get("job");
    if (job === null) {
      return open(fragment);
    }
    const run = runs.find((r) => (asked.get("run") || r.number) === r.number && r.jobs.includes(job));
    if (run) {
      choose(run, job);
      run.root.querySelector(".timeline").scrollIntoView();
    }
  }

  function open(id) {
    const section = id && document.getElementById(id);
    const details = section && section.closest("details");
    if (details) {
      details.open = true;
      section.scrollIntoView();
    }
  }

  function copying(box) {
    if (!navigator.clipboard) {
      return;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", () => {
      navigator.clipboard.writeText(box.querySelector("code").textContent).then(
        () => { button.textContent = "Copied"; }, () => { button.remove(); });
    });
    box.append(button);
  }

  document.documentElement.classList.add("scripted");
  document.querySelectorAll(".run").forEach(begin);
  document.querySelectorAll(".replay").forEach(copying);
  window.addEventListener("hashchange", follow);
  window.addEventListener("resize", () => runs.forEach(measure));
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((d) => { d.open = true; });
    runs.forEach((run) => zoom(run, 0));
  });
  runs.forEach((run) => zoom(run, 0));
  follow();
})();
