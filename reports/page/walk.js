// walk.js: moving about in the drawing, and what its keys do.

const SHORTEST = 2000; // nanoseconds that the drawing shows at least

// look shows a stretch of time, within the run.
function look(run, from, until) {
  const span = Math.min(Math.max(until - from, SHORTEST), run.end);
  const at = Math.min(Math.max((from + until) / 2 - span / 2, 0), run.end - span);
  run.from = at;
  run.until = at + span;
  Object.assign(run.plot.dataset, { from: Math.round(run.from), until: Math.round(run.until) });
  part(run, "out").disabled = part(run, "fit").disabled = span >= run.end;
  part(run, "in").disabled = span <= SHORTEST;
  part(run, "window").textContent = duration(span) + " from " + instant(run.from);
  redraw(run);
}

function fit(run) { look(run, 0, run.end); }

// zoom makes the stretch so many times as long; the instant at x stays where it is.
function zoom(run, factor, x) {
  const middle = run.item && run.item.at >= run.from && run.item.at <= run.until ? run.item.at : (run.from + run.until) / 2;
  const at = x === undefined ? middle : Math.min(Math.max(timeOf(run, x), 0), run.end);
  const span = Math.min(Math.max((run.until - run.from) * factor, SHORTEST), run.end);
  const share = (at - run.from) / (run.until - run.from);
  look(run, at - span * share, at + span * (1 - share));
}

function pan(run, by) { look(run, run.from + by, run.until + by); }

// around shows a record with those that are listed before and after it.
function around(run, place) {
  const list = run.found, at = run.records.at, here = lowest(list, place);
  const first = at[list[Math.max(0, here - 10)] ?? place], last = at[list[Math.min(list.length - 1, here + 8)] ?? place];
  const span = Math.min(Math.max(last - first, run.end / 5000) * 1.25, run.end / 6);
  const middle = Math.abs((first + last) / 2 - at[place]) > span * 0.4 ? at[place] : (first + last) / 2;
  look(run, middle - span / 2, middle + span / 2);
}

// select makes an item the one that the reader is at, and brings it into sight.
function select(run, item, where) {
  run.item = item;
  const link = document.createElement("a");
  link.href = "#" + run.prefix + item.seq;
  link.className = "record";
  link.textContent = "#" + item.seq;
  run.detail.replaceChildren(link, " " + told(run, item) + (where ? " (" + where + ")" : ""));
  run.plot.dataset.record = item.seq;
  const span = run.until - run.from;
  if (item.at > run.until || item.until < run.from || item.at === item.until && (item.at < run.from || item.at > run.until)) {
    look(run, item.at - span / 2, item.at + span / 2);
  }
  const top = item.lane.top, view = run.shown - RULER;
  if (run.lanes.includes(item.lane) && (top < run.plot.scrollTop || top + item.lane.height > run.plot.scrollTop + view)) {
    run.plot.scrollTop = Math.max(0, top - Math.max(0, view - item.lane.height) / 2);
  }
  redraw(run);
}

function release(run) {
  run.item = null;
  run.detail.textContent = "\u00a0";
  delete run.plot.dataset.record;
  run.tip.hidden = true;
  redraw(run);
}

// itemOf is where a record is in the drawing: its mark or span, or else just its instant.
function itemOf(run, place) {
  const seq = sequence(run, place), r = run.records;
  const own = [run.all.jobs[r.job[place]], run.all.nodes[r.node[place]], run.all.faults, run.all.store, run.all.messages];
  const shown = own.filter((lane) => lane && run.lanes.includes(lane));
  for (const lane of shown) {
    const span = lane.spans.concat(lane.behind).find((i) => run.spans.record[i] === seq);
    if (span !== undefined) {
      return { lane: lane, at: run.spans.from[span], until: run.spans.until[span], span: span, seq: seq };
    }
    if (lane.marks.some((mark) => mark.place === place)) {
      return { lane: lane, at: r.at[place], until: r.at[place], place: place, seq: seq };
    }
  }
  const lane = shown[0] || run.lanes[0] || run.all.store;
  return { lane: lane, at: r.at[place], until: r.at[place], place: place, seq: seq };
}

// press is what the keys of the drawing do.
function press(run, e) {
  if (e.ctrlKey || e.metaKey || e.altKey) {
    return;
  }
  const span = run.until - run.from;
  switch (e.key) {
    case "+": case "=": zoom(run, 0.5); break;
    case "-": zoom(run, 2); break;
    case "0": fit(run); break;
    case "v": jump(run); break;
    case "Escape": release(run); break;
    case "Enter":
      if (run.item) {
        run.keep = true;
        go(run.prefix + run.item.seq);
      }
      break;
    case "ArrowRight": if (e.shiftKey) { pan(run, span / 4); } else { walk(run, 1); } break;
    case "ArrowLeft": if (e.shiftKey) { pan(run, -span / 4); } else { walk(run, -1); } break;
    case "Home": walk(run, -Infinity); break;
    case "End": walk(run, Infinity); break;
    case "ArrowDown": climb(run, 1); break;
    case "ArrowUp": climb(run, -1); break;
    default: return;
  }
  e.preventDefault();
}

// walk goes so many items along a lane.
function walk(run, by) {
  if (!run.item) {
    return climb(run, 1);
  }
  const list = items(run, run.item.lane);
  let at = list.findIndex((one) => one.seq === run.item.seq && one.span === run.item.span);
  if (at < 0) { // what the reader is at has no place of its own: go on from its time
    at = list.findIndex((one) => one.at >= run.item.at) - (by > 0 ? 1 : 0);
  }
  const to = Math.min(Math.max(at + by, 0), list.length - 1);
  if (list[to]) {
    select(run, list[to], run.item.lane.name + ", " + (to + 1) + " of " + list.length);
  }
}

// climb goes to another lane, to what is nearest in time there; at first to the lane of the job that is shown.
function climb(run, by) {
  const own = run.lanes.findIndex((lane) => lane.kind === "job" && lane.index === run.job);
  let at = run.item ? run.lanes.indexOf(run.item.lane) : Math.max(own, 0) - by;
  for (at += by; run.lanes[at]; at += by) {
    const list = items(run, run.lanes[at]);
    if (list.length === 0) {
      continue;
    }
    const time = run.item ? run.item.at : run.from;
    let best = 0;
    list.forEach((one, i) => {
      if (Math.abs(one.at - time) < Math.abs(list[best].at - time)) { best = i; }
    });
    return select(run, list[best], run.lanes[at].name + ", " + (best + 1) + " of " + list.length);
  }
}

