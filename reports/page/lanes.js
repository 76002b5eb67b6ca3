// lanes.js: which lanes there are, and what lies in which of their rows.

const OF_FAULTS = 0, OF_NODE = 1, OF_JOB = 2, OF_STORE = 3, OF_MESSAGE = 4;
const CLAIM_ROW = 22, ENGINE_ROW = 17, TASK_ROW = 15, MARK_ROW = 20, PADDING = 5;
const CLAIMS = ["abandoned", "lease", "consumed", "trashed", "open"];
const BEHIND = ["down", "paused", "cut"];

// layer says where in a lane a class of span is drawn: behind all, or in rows of claims, engines or tasks.
function layer(name) {
  if (BEHIND.includes(name)) { return -1; }
  if (CLAIMS.includes(name) || name === "fault") { return 0; }
  return name === "engine" ? 1 : 2;
}

// settle finds what is in every lane that a run can have. Each lane's lists are in order of time.
function settle(run) {
  const nodes = run.nodes.map((name, i) => empty("node", name, i));
  const jobs = run.jobs.map((name, i) => empty("job", name, i));
  const faults = empty("faults", "faults", -1), store = empty("store", "store", -1), messages = empty("messages", "messages", -1);
  const s = run.spans;
  s.layer = s.classes.map(layer);
  for (let i = 0; i < s.count; i++) {
    const name = s.classes[s.class[i]], of = s.layer[s.class[i]];
    if (name === "fault") {
      faults.spans.push(i);
      continue;
    }
    if (s.node[i] >= 0) {
      (of < 0 ? nodes[s.node[i]].behind : nodes[s.node[i]].spans).push(i);
    }
    if (s.job[i] >= 0 && of >= 0) {
      jobs[s.job[i]].spans.push(i);
    }
  }
  const m = run.marks, r = run.records;
  for (let i = 0; i < m.lane.length; i++) {
    const at = placeOf(run, m.record[i]);
    if (at < 0) {
      continue; // its record is not in the page
    }
    const lane = [faults, nodes[r.node[at]], jobs[r.job[at]], store, messages][m.lane[i]];
    if (lane) {
      lane.marks.push({ place: at, symbol: m.symbol[i] });
    }
  }
  const own = run.nodes.indexOf("store"); // what befalls the store's process is in the store's lane
  if (own >= 0) {
    const known = new Set(store.marks.map((mark) => mark.place));
    store.marks.push(...nodes[own].marks.filter((mark) => !known.has(mark.place)));
    store.marks.sort((a, b) => a.place - b.place);
    store.behind = nodes[own].behind;
    nodes[own] = empty("node", "store", own);
  }
  run.all = { nodes: nodes, jobs: jobs, faults: faults, store: store, messages: messages };
}

function empty(kind, name, index) {
  return { kind: kind, name: name, index: index, spans: [], behind: [], marks: [], rows: null };
}

// stack puts a lane's spans into rows, so that none covers another, and says how high the lane is.
function stack(run, lane) {
  if (lane.rows) {
    return lane;
  }
  const s = run.spans, groups = [[], [], []];
  for (const i of lane.spans) {
    const rows = groups[s.layer[s.class[i]]];
    let row = rows.findIndex((one) => one.until <= s.from[i]);
    if (row < 0) {
      row = rows.length;
      rows.push({ spans: [], until: 0 });
    }
    rows[row].spans.push(i);
    rows[row].until = s.until[i]; // what lasts no time takes no row of its own
  }
  lane.rows = [];
  let y = PADDING;
  groups.forEach((rows, group) => {
    for (const row of rows) {
      const height = [CLAIM_ROW, ENGINE_ROW, TASK_ROW][group];
      lane.rows.push({ spans: Uint32Array.from(row.spans), y: y, height: height - 2, group: group });
      y += height;
    }
  });
  lane.marksY = y + MARK_ROW / 2 - 1;
  if (lane.marks.length > 0 || lane.rows.length === 0) {
    y += MARK_ROW;
  }
  lane.height = y + PADDING - 2;
  lane.times = Float64Array.from(lane.marks, (one) => run.records.at[one.place]);
  return lane;
}

// worth says whether there is anything in a lane.
function worth(lane) { return lane.spans.length + lane.behind.length + lane.marks.length > 0; }

// lanes says which are shown: of the job and the node that were asked for, or of all that have anything.
function lanes(run) {
  const all = run.all, job = run.job, node = run.node, list = [];
  if (job >= 0) {
    list.push(all.jobs[job]);
  }
  list.push(...[all.store, all.faults].filter(worth));
  list.push(...all.nodes.filter((lane) => worth(lane) && (node < 0 || lane.index === node)));
  list.push(...[all.messages].filter(worth));
  if (job < 0 && node < 0) {
    list.push(...all.jobs.filter(worth));
  }
  let top = 0;
  for (const lane of list) {
    stack(run, lane).top = top;
    top += lane.height;
  }
  run.lanes = list;
  run.height = top;
  run.links = run.chain.map((seq) => placeOf(run, seq)).filter((place) => place >= 0).map((place) => itemOf(run, place));
}

// wanted says whether a span or mark is of what was asked for; what is not is faint, and passed over.
function spanWanted(run, i) {
  const s = run.spans;
  return (run.job < 0 || s.job[i] < 0 || s.job[i] === run.job) && (run.node < 0 || s.node[i] < 0 || s.node[i] === run.node) &&
    (run.kind < 0 || s.layer[s.class[i]] === 0 || run.records.kind[placeOf(run, s.record[i])] === run.kind);
}

function markWanted(run, mark) {
  const r = run.records, i = mark.place;
  return (run.job < 0 || r.job[i] < 0 || r.job[i] === run.job) && (run.kind < 0 || r.kind[i] === run.kind) &&
    (run.node < 0 || r.node[i] < 0 || r.node[i] === run.node);
}

// items are what can be walked to in a lane, in order of time.
function items(run, lane) {
  const list = [];
  const s = run.spans;
  for (const i of lane.behind.concat(lane.spans)) {
    if (spanWanted(run, i)) {
      list.push({ lane: lane, at: s.from[i], until: s.until[i], span: i, seq: s.record[i] });
    }
  }
  for (const mark of lane.marks) {
    if (markWanted(run, mark)) {
      const at = run.records.at[mark.place];
      list.push({ lane: lane, at: at, until: at, place: mark.place, seq: sequence(run, mark.place) });
    }
  }
  return list.sort((a, b) => a.at - b.at || a.seq - b.seq);
}

function told(run, item) {
  return item.span !== undefined ? filled(run, run.spans, item.span) :
    instant(item.at) + ": " + filled(run, run.records, item.place);
}

