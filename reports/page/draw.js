// draw.js: the drawing of a run on its canvas, and the small one of the whole run above it.

const RULER = 26, GLYPH = 13;
const STEPS = [];
for (let unit = 1; unit < SECOND * 10; unit *= 10) { STEPS.push(unit, 2 * unit, 5 * unit); }
STEPS.push(...[10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400].map((s) => s * SECOND));
// redraw draws when the browser next does, however often it is asked to.
function redraw(run) {
  if (!run.asked) {
    run.asked = true;
    requestAnimationFrame(() => { run.asked = false; draw(run); });
  }
}

function xOf(run, at) { return run.gutter + (at - run.from) / (run.until - run.from) * run.across; }
function timeOf(run, x) { return run.from + (x - run.gutter) / run.across * (run.until - run.from); }

// measure fits the drawing into the page. Its width is known only once a scroll bar is there or is not.
function measure(run) {
  const most = run.printing ? 1400 : Math.max(220, Math.min(520, window.innerHeight * 0.48));
  run.shown = Math.min(run.height + RULER, most);
  run.plot.style.height = run.shown + 2 + "px";
  run.canvas.style.height = run.shown + "px";
  run.extent.style.height = Math.max(0, run.height + RULER - run.shown) + "px";
  run.width = run.plot.clientWidth;
  run.gutter = run.width < 520 ? 84 : 128;
  run.across = Math.max(10, run.width - run.gutter - 14);
}

function draw(run) {
  const g = sized(run.canvas, run.width, run.shown);
  const scroll = run.plot.scrollTop;
  g.font = '11px system-ui, "Liberation Sans", sans-serif';
  g.textBaseline = "middle";
  g.save();
  g.beginPath();
  g.rect(0, RULER, run.width, run.shown - RULER);
  g.clip();
  g.translate(0, RULER - scroll);
  const visible = run.lanes.filter((lane) => lane.top + lane.height > scroll && lane.top < scroll + run.shown);
  for (const lane of visible) {
    ground(run, g, lane);
  }
  g.restore();
  ruler(run, g);
  g.save();
  g.beginPath();
  g.rect(0, RULER, run.width, run.shown - RULER);
  g.clip();
  g.translate(0, RULER - scroll);
  for (const lane of visible) {
    g.save();
    g.beginPath();
    g.rect(run.gutter - 8, lane.top, run.width - run.gutter + 8, lane.height);
    g.clip();
    behind(run, g, lane);
    lane.rows.forEach((row) => bars(run, g, lane, row));
    signs(run, g, lane);
    g.restore();
    named(run, g, lane);
  }
  chain(run, g);
  chosen(run, g);
  g.restore();
  flags(run, g);
  whole(run);
}

function ground(run, g, lane) {
  if (lane.kind === "job") {
    g.fillStyle = paint("--tint");
    g.fillRect(0, lane.top, run.width, lane.height);
  }
  g.fillStyle = paint("--line");
  g.fillRect(0, Math.round(lane.top + lane.height) - 1, run.width, 1);
}

// named writes a lane's name over what may lie under it.
function named(run, g, lane) {
  g.fillStyle = paint("--card");
  g.fillRect(0, lane.top, run.gutter - 8, lane.height - 1);
  g.fillStyle = paint("--line");
  g.fillRect(run.gutter - 9, lane.top, 1, lane.height);
  g.fillStyle = paint(lane.kind === "node" || lane.kind === "job" ? "--ink" : "--soft");
  g.font = (lane.kind === "job" ? "600 " : "") + '12px system-ui, "Liberation Sans", sans-serif';
  g.fillText(clipped(g, lane.name, run.gutter - 22), 9, lane.top + Math.min(lane.height / 2, 30));
  g.font = '11px system-ui, "Liberation Sans", sans-serif';
}

// clipped is as much of a text as there is room for: its beginning and, since names differ there, its end.
function clipped(g, text, room) {
  if (g.measureText(text).width <= room) {
    return text;
  }
  let keep = Math.max(2, Math.floor(text.length * room / g.measureText(text).width) - 1);
  const half = Math.ceil(keep / 2);
  return text.slice(0, half) + "…" + text.slice(text.length - Math.max(1, keep - half));
}

function ruler(run, g) {
  const span = run.until - run.from;
  const step = STEPS.find((one) => one / span * run.across >= 78) || STEPS[STEPS.length - 1];
  g.textAlign = "center";
  for (let at = Math.ceil(run.from / step) * step; at <= run.until; at += step) {
    const x = Math.round(xOf(run, at));
    g.fillStyle = paint("--line");
    g.fillRect(x, RULER - 5, 1, run.shown);
    g.fillStyle = paint("--soft");
    const text = at === 0 ? "0s" : fine(at, step);
    const half = g.measureText(text).width / 2;
    g.fillText(text, Math.min(Math.max(x, run.gutter + half - 6), run.width - half - 2), 10);
  }
  g.textAlign = "left";
  g.fillStyle = paint("--soft");
  g.fillText(run.gutter > 100 ? "virtual time" : "time", 9, 10);
  g.fillStyle = paint("--line");
  g.fillRect(0, RULER - 1, run.width, 1);
}

// fine is an instant of the ruler, with the digits that its steps need.
function fine(at, step) {
  if (step >= SECOND) { return duration(at); }
  const digits = Math.min(9, Math.max(0, Math.ceil(9 - Math.log10(step))));
  return (at / SECOND).toFixed(digits) + "s";
}

function behind(run, g, lane) {
  const s = run.spans;
  for (const i of lane.behind) {
    if (s.until[i] < run.from || s.from[i] > run.until) {
      continue;
    }
    const x = xOf(run, s.from[i]), w = Math.max(1.5, xOf(run, s.until[i]) - x);
    hatched(g, x, lane.top, w, lane.height - 1, s.classes[s.class[i]] === "cut");
  }
}

// bars draws a row. What would not be a pixel of its own is left to what is there already.
function bars(run, g, lane, row) {
  const s = run.spans, y = lane.top + row.y;
  let low = 0, high = row.spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (s.until[row.spans[middle]] < run.from) { low = middle + 1; } else { high = middle; }
  }
  let drawn = -9;
  for (let n = low; n < row.spans.length; n++) {
    const i = row.spans[n];
    if (s.from[i] > run.until) {
      break;
    }
    const x = Math.max(xOf(run, s.from[i]), -9), right = Math.min(xOf(run, s.until[i]), run.width + 9);
    if (right - drawn < 0.5) {
      continue;
    }
    bar(run, g, i, x, y, Math.max(right - x, 1), row, lane);
    drawn = right;
  }
}

function bar(run, g, i, x, y, w, row, lane) {
  const s = run.spans, name = s.classes[s.class[i]];
  g.globalAlpha = spanWanted(run, i) ? 1 : 0.22;
  g.fillStyle = paint(SPAN_COLOURS[name] || "--c-open");
  if (w > 5) {
    g.beginPath();
    g.roundRect(x + 0.25, y, w - 0.5, row.height, row.group === 0 ? 3 : 2);
    g.fill();
  } else {
    g.fillRect(x, y, w, row.height);
  }
  if (s.died[i] > 0) {
    const dead = Math.max(x, xOf(run, s.from[i] + s.died[i]));
    g.globalAlpha *= 0.6;
    g.fillStyle = paint("--card");
    g.fillRect(dead, y, x + w - dead, row.height);
    g.globalAlpha = spanWanted(run, i) ? 1 : 0.22;
    hatched(g, dead, y, x + w - dead, row.height, false);
    w = dead - x; // the label is for what lived
  }
  if (w > 14 && g.globalAlpha === 1) {
    label(run, g, i, x, y, w, row, lane);
  }
  g.globalAlpha = 1;
}

function label(run, g, i, x, y, w, row, lane) {
  const s = run.spans, name = s.classes[s.class[i]];
  let text = s.labels[s.label[i]];
  if (row.group === 0 && name !== "fault") { // an attempt, with whom or what it is of
    const other = lane.kind === "job" ? run.nodes[s.node[i]] : run.jobs[s.job[i]];
    text = g.measureText(text + " " + other).width < w - 8 ? text + " " + other : text;
  }
  const left = Math.max(x, run.gutter - 8) + 4;
  g.font = (row.group === 0 ? "600 11px" : "10px") + ' system-ui, "Liberation Sans", sans-serif';
  g.fillStyle = paint(name === "abandoned" || name === "fault" ? "--on-abandoned" : row.group === 0 ? "--on-bar" : "--on-task");
  if (g.measureText(text).width <= x + w - left - 3) {
    g.fillText(text, left, y + row.height / 2 + 0.5);
  }
  g.font = '11px system-ui, "Liberation Sans", sans-serif';
}

// signs draws a lane's marks: the most telling of those that share a place, and for the others a dot.
function signs(run, g, lane) {
  const y = lane.top + lane.marksY;
  const from = lowest(lane.times, run.from - (run.until - run.from) * 0.02);
  const best = new Map();
  for (let n = from; n < lane.marks.length && lane.times[n] <= run.until * 1.01; n++) {
    const mark = lane.marks[n], x = xOf(run, lane.times[n]);
    const faint = !markWanted(run, mark);
    const cell = Math.round(x / GLYPH), known = best.get(cell);
    const rank = mark.symbol + (faint ? 100 : 0);
    if (!known || rank < known.rank) {
      best.set(cell, { rank: rank, x: x, symbol: mark.symbol, faint: faint, many: known !== undefined });
    } else if (known.symbol !== mark.symbol) {
      known.many = true;
    }
  }
  for (const one of best.values()) {
    g.globalAlpha = one.faint ? 0.2 : 1;
    sign(g, run.symbols[one.symbol], one.x, y);
    if (one.many) {
      g.fillStyle = paint("--soft");
      g.fillRect(one.x - 1, y + 8, 2, 2);
    }
  }
  g.globalAlpha = 1;
}

// chain draws the links of the explanation, numbered as they are there, from lane to lane.
function chain(run, g) {
  const points = run.links.map((item) => {
    const row = item.span !== undefined && item.lane.rows.find((one) => one.spans.includes(item.span));
    return [xOf(run, item.at), item.lane.top + (row ? row.y + row.height / 2 : item.lane.marksY)];
  });
  g.save();
  g.beginPath();
  g.rect(run.gutter - 8, 0, run.width, run.height);
  g.clip();
  g.strokeStyle = paint("--accent");
  g.lineWidth = 1.5;
  g.beginPath();
  points.forEach(([x, y]) => g.lineTo(x, y));
  g.stroke();
  g.font = '600 10px system-ui, "Liberation Sans", sans-serif';
  g.textAlign = "center";
  points.forEach(([x, y], i) => {
    g.beginPath();
    g.arc(x, y, 8, 0, 7);
    g.fillStyle = paint("--card");
    g.fill();
    g.strokeStyle = g.fillStyle = paint(i === points.length - 1 ? "--bad" : "--accent");
    g.stroke();
    g.fillText(i + 1, x, y + 0.5);
  });
  g.restore();
}

// chosen draws the ring around what the reader is at.
function chosen(run, g) {
  const item = run.item;
  if (!item || !run.lanes.includes(item.lane)) {
    return;
  }
  const lane = item.lane, x = xOf(run, item.at);
  let box = [x - 10, lane.top + lane.marksY - 10, 20, 20];
  if (item.span !== undefined) {
    const row = lane.rows.find((one) => one.spans.includes(item.span));
    const w = Math.max(3, xOf(run, item.until) - x);
    box = row ? [x - 2, lane.top + row.y - 2, w + 4, row.height + 4] : [x - 1, lane.top + 1, w + 2, lane.height - 3];
  }
  g.lineWidth = 4;
  g.strokeStyle = paint("--card");
  g.strokeRect(...box);
  g.lineWidth = 2;
  g.strokeStyle = paint("--ink");
  g.strokeRect(...box);
}

// landmarks are the flags in order of time, with those of one instant in one.
function landmarks(run) {
  const list = [];
  for (const one of run.flags.slice().sort((a, b) => a.at - b.at)) {
    const last = list[list.length - 1];
    if (last && last.at === one.at) {
      last.name += ", " + one.name;
      last.class = one.class;
    } else {
      list.push({ ...one });
    }
  }
  return list;
}

// flags draws the moments that have names, and the hits of a search, over all lanes.
function flags(run, g) {
  let last = -99;
  for (const one of landmarks(run)) {
    const x = xOf(run, one.at);
    if (x < run.gutter - 1 || x > run.width) {
      continue;
    }
    g.strokeStyle = g.fillStyle = paint(one.class === "violation" ? "--bad" : "--accent");
    g.lineWidth = 1.5;
    g.setLineDash(one.class === "violation" ? [] : [4, 3]);
    g.beginPath();
    g.moveTo(x, RULER - 6);
    g.lineTo(x, run.shown);
    g.stroke();
    g.setLineDash([]);
    g.font = '600 11px system-ui, "Liberation Sans", sans-serif';
    const width = g.measureText(one.name).width + 10;
    const left = Math.max(Math.min(Math.max(x - width / 2, run.gutter - 6), run.width - width - 2), last + 2);
    if (left < x + 4 && left + width < run.width) {
      g.beginPath();
      g.roundRect(left, 1, width, 17, 4);
      g.fill();
      g.fillStyle = paint("--card");
      g.fillText(one.name, left + 5, 10);
      last = left + width;
    }
    g.font = '11px system-ui, "Liberation Sans", sans-serif';
  }
  if (run.query) {
    g.fillStyle = paint("--accent");
    for (const place of run.hits || []) {
      const x = xOf(run, run.records.at[place]);
      if (x >= run.gutter - 1) {
        g.fillRect(x - 0.5, RULER - 7, 1.5, 7);
      }
    }
  }
}

// whole draws how much happens over the whole run, and which part of it is shown below.
function whole(run) {
  const width = run.whole.parentElement.clientWidth, height = 34;
  const g = sized(run.whole, width, height);
  const bins = Math.max(1, Math.floor(width / 3)), counts = run.density(bins);
  const most = Math.max(1, ...counts);
  g.fillStyle = paint("--c-engine");
  counts.forEach((n, i) => {
    if (n > 0) {
      const h = 2 + (height - 8) * Math.sqrt(n / most);
      g.fillRect(i * width / bins, height - h, Math.max(1, width / bins - 1), h);
    }
  });
  for (const one of run.flags) {
    g.fillStyle = paint(one.class === "violation" ? "--bad" : "--accent");
    g.fillRect(one.at / run.end * width - 1, 0, 2, height);
  }
  const x = run.from / run.end * width, w = Math.max(4, (run.until - run.from) / run.end * width);
  g.fillStyle = paint("--veil");
  g.fillRect(0, 0, Math.max(0, x), height);
  g.fillRect(x + w, 0, Math.max(0, width - x - w), height);
  g.strokeStyle = paint("--accent");
  g.lineWidth = 2;
  g.strokeRect(x + 1, 1, w - 2, height - 2);
}

// densities counts records by time, once for each width of the page.
function densities(run) {
  let known = [];
  return (bins) => {
    if (known.length !== bins) {
      known = new Array(bins).fill(0);
      for (let i = 0; i < run.records.count; i++) {
        known[Math.min(bins - 1, Math.floor(run.records.at[i] / run.end * bins))]++;
      }
    }
    return known;
  };
}

