// decode.js: what the page holds of a run, and the words of it.

const SECOND = 1e9, MILLISECOND = 1e6, MICROSECOND = 1e3;

function part(run, role) { return run.root.querySelector('[data-role="' + role + '"]'); }

// sums adds up what a column gives as differences.
function sums(differences) {
  const list = new Float64Array(differences.length);
  let sum = 0;
  for (let i = 0; i < list.length; i++) {
    list[i] = sum += differences[i];
  }
  return list;
}

// decode makes a run of its section: typed columns, and where in the numbers of all texts those of each begin.
function decode(root) {
  const run = { root: root };
  const held = JSON.parse(part(run, "columns").textContent);
  Object.assign(run, {
    number: String(held.run), prefix: held.prefix, end: held.end, jobs: held.jobs, nodes: held.processes, texts: held.texts || [],
    symbols: held.symbols, tones: held.tones, kinds: held.kinds, flags: held.flags || [],
    chain: held.chain || [],
  });
  run.holes = run.texts.map((text) => text.split("\u0003").length - 1);
  const r = held.records, n = (r.at || []).length;
  run.records = {
    count: n, seq: r.seq ? sums(r.seq) : null, at: sums(r.at || []), node: r.process, job: r.job, kind: r.kind, tone: r.tone,
    text: r.text, numbers: r.numbers || [], first: begins(run, r.text || []),
  };
  const s = held.spans, from = sums(s.from || []);
  run.spans = {
    count: from.length, classes: s.classes || [], labels: s.labels || [], class: s.class, node: s.process, job: s.job, from: from,
    until: from.map((at, i) => at + s.length[i]), died: s.died, record: s.record, label: s.label, text: s.text,
    numbers: s.numbers || [], first: begins(run, s.text || []),
  };
  const m = held.marks;
  run.marks = { lane: m.lane || [], record: sums(m.record || []), symbol: m.symbol || [] };
  return run;
}

function begins(run, texts) {
  const list = new Uint32Array(texts.length);
  let sum = 0;
  for (let i = 0; i < texts.length; i++) {
    list[i] = sum;
    sum += run.holes[texts[i]];
  }
  return list;
}

// filled is text i of a table (of records or spans) with its names and numbers in their places.
function filled(run, table, i) {
  let next = table.first[i];
  return run.texts[table.text[i]].replace(/[\u0001-\u0007]/g, (c) => {
    switch (c) {
      case "\u0001": return run.nodes[table.node[i]];
      case "\u0002": return run.jobs[table.job[i]];
      case "\u0003": return String(table.numbers[next++]);
      case "\u0004": return instant(table.from[i]);
      case "\u0005": return instant(table.until[i]);
      case "\u0006": return duration(table.until[i] - table.from[i]);
      default: return instant(table.from[i] + table.died[i]);
    }
  });
}

// sequence is the number of the record at a place in the columns, and placeOf the other way round, or -1.
function sequence(run, place) { return run.records.seq ? run.records.seq[place] : place + 1; }

function placeOf(run, seq) {
  const all = run.records.seq;
  if (!all) {
    return seq >= 1 && seq <= run.records.count ? seq - 1 : -1;
  }
  const place = lowest(all, seq);
  return all[place] === seq ? place : -1;
}

// lowest is the first place of an ordered list whose value is not less.
function lowest(list, value) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// instant and duration write times as derail does everywhere.
function instant(ns) {
  if (ns < 0) { return "-" + instant(-ns); }
  const ms = Math.floor(ns / MILLISECOND);
  return Math.floor(ms / 1000) + "." + String(ms % 1000).padStart(3, "0") + "s";
}

function duration(ns) {
  const cut = (digits) => String(Math.floor(ns / SECOND * 10 ** digits + 1e-9) / 10 ** digits);
  if (ns < MICROSECOND) { return Math.round(ns) + "ns"; }
  if (ns < MILLISECOND) { return Math.floor(ns / MICROSECOND) + "µs"; }
  if (ns < SECOND) { return Math.floor(ns / MILLISECOND) + "ms"; }
  if (ns < 10 * SECOND) { return cut(2) + "s"; }
  if (ns < 60 * SECOND) { return cut(1) + "s"; }
  const s = Math.floor(ns / SECOND);
  const pair = (high, name, low, other) => high + name + (low ? String(low).padStart(2, "0") + other : "");
  if (s < 3600) { return pair(Math.floor(s / 60), "m", s % 60, "s"); }
  if (s < 86400) { return pair(Math.floor(s / 3600), "h", Math.floor(s % 3600 / 60), "m"); }
  return pair(Math.floor(s / 86400), "d", Math.floor(s % 86400 / 3600), "h");
}

