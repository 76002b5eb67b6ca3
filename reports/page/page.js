// page.js: the page works without its scripts, but for the drawings. They add those, filters, and all records.

const runs = [];

function begin(root) {
  const run = decode(root);
  Object.assign(run, {
    plot: part(run, "plot"), canvas: part(run, "canvas"), extent: part(run, "extent"), whole: part(run, "whole"),
    tip: part(run, "tip"), detail: part(run, "detail"), window: part(run, "window"), note: part(run, "count").textContent,
    job: root.dataset.selected ? run.jobs.indexOf(root.dataset.selected) : -1, node: -1, kind: -1, query: "", every: false,
    first: 0, from: 0, until: run.end, item: null, keep: false, density: densities(run),
  });
  settle(run);
  runs.push(run);
  const options = (role, names, some) =>
    part(run, role).append(...names.flatMap((name, i) => some(i) ? new Option(name, i) : []));
  const kinds = new Set(run.records.kind);
  options("node", run.nodes, (i) => worth(run.all.nodes[i]));
  options("kind", run.kinds, (i) => kinds.has(i));
  const on = (role, event, does) => part(run, role).addEventListener(event, does);
  on("job", "change", (e) => ask(run, { job: e.target.value ? run.jobs.indexOf(e.target.value) : -1 }));
  on("node", "change", (e) => ask(run, { node: e.target.value === "" ? -1 : Number(e.target.value) }));
  on("kind", "change", (e) => ask(run, { kind: e.target.value === "" ? -1 : Number(e.target.value) }));
  on("all", "change", (e) => ask(run, { every: e.target.checked }));
  on("search", "input", (e) => {
    clearTimeout(run.waiting); // a long run is not searched at each letter
    const query = e.target.value, search = () => ask(run, { query: query });
    if (run.records.count < 20000) { search(); } else { run.waiting = setTimeout(search, 200); }
  });
  on("first", "click", () => turn(run, 0));
  on("earlier", "click", () => turn(run, run.first - ROWS));
  on("later", "click", () => turn(run, run.first + ROWS));
  on("last", "click", () => turn(run, Math.floor((run.found.length - 1) / ROWS) * ROWS));
  on("in", "click", () => zoom(run, 0.5));
  on("out", "click", () => zoom(run, 2));
  on("fit", "click", () => fit(run));
  part(run, "violation")?.addEventListener("click", () => jump(run));
  handle(run);
  ask(run, {});
  fit(run);
}

// ask shows what is asked for: a job, a node, a kind, words, every step.
function ask(run, wanted) {
  Object.assign(run, wanted, { first: 0 });
  part(run, "job").value = run.job < 0 ? "" : run.jobs[run.job];
  part(run, "node").value = run.node < 0 ? "" : run.node;
  part(run, "kind").value = run.kind < 0 ? "" : run.kind;
  part(run, "all").checked = run.every;
  if ("query" in wanted && part(run, "search").value !== run.query) {
    part(run, "search").value = run.query;
  }
  run.root.dataset.selected = run.job < 0 ? "" : run.jobs[run.job];
  find(run);
  list(run);
  lanes(run);
  run.plot.dataset.lanes = JSON.stringify(run.lanes.map((lane) => lane.name));
  if (run.item && !run.lanes.includes(run.item.lane)) {
    release(run);
  }
  if ("job" in wanted) {
    run.plot.scrollTop = 0; // where the job's lane is
  }
  measure(run);
  redraw(run);
}

// jump goes to where a promise was broken.
function jump(run) {
  const violation = run.flags.find((one) => one.class === "violation");
  if (violation) {
    go(run.prefix + violation.record);
  }
}

// go follows a link, also where the address has it already.
function go(id) {
  if (location.hash === "#" + id) {
    follow();
  } else {
    location.hash = id;
  }
}

// follow does what the address asks for: a record (#e12, #run-2-e12) or a job (#job=NAME, #run=2&job=NAME).
function follow() {
  const fragment = location.hash.slice(1);
  const record = /^(run-\d+-)?e(\d+)$/.exec(fragment);
  if (record) {
    const run = runs.find((one) => one.prefix === (record[1] || "") + "e");
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
  const run = runs.find((one) => (asked.get("run") || one.number) === one.number && one.jobs.includes(job));
  if (run) {
    ask(run, { job: run.jobs.indexOf(job) });
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

function repaint() {
  paints = new Map();
  for (const run of runs) {
    measure(run);
    draw(run);
  }
  redrawPlots();
}

function printing(is) {
  document.documentElement.classList.toggle("printing", is);
  if (is) {
    document.querySelectorAll("details:not(.keys)").forEach((one) => { one.open = true; });
  }
  for (const run of runs) {
    run.printing = is;
    run.plot.scrollTop = 0;
  }
  repaint();
}

document.documentElement.classList.add("scripted");
const redrawPlots = plots();
document.querySelectorAll(".run").forEach(begin);
document.querySelectorAll(".replay").forEach(copying);
window.addEventListener("hashchange", follow);
document.addEventListener("click", (e) => { // a link to where the address is already
  const link = e.target.closest && e.target.closest('a[href^="#"]');
  if (link && link.getAttribute("href") === location.hash) {
    follow();
  }
});
window.addEventListener("resize", repaint);
window.addEventListener("beforeprint", () => printing(true));
window.addEventListener("afterprint", () => printing(false));
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
follow();
document.documentElement.dataset.opened = Math.round(performance.now());
