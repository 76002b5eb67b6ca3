// point.js: mouse and touch.

// hit is what is drawn at a place, or null.
function hit(run, x, y) {
  const height = y - RULER + run.plot.scrollTop;
  const here = (one) => height >= one.top && height < one.top + one.height;
  const lane = y < RULER || x < run.gutter - 8 ? null : run.lanes.find(here);
  if (!lane) {
    return null;
  }
  const at = timeOf(run, x), reach = (run.until - run.from) / run.across * 8, s = run.spans;
  if (Math.abs(height - lane.top - lane.marksY) < 11) {
    let best = null;
    for (let n = lowest(lane.times, at - reach); n < lane.times.length && lane.times[n] <= at + reach; n++) {
      const mark = lane.marks[n];
      if (markWanted(run, mark) && (!best || mark.symbol < best.symbol)) { best = mark; }
    }
    if (best) {
      const time = run.records.at[best.place];
      return { lane: lane, at: time, until: time, place: best.place, seq: sequence(run, best.place) };
    }
  }
  const row = lane.rows.find((one) => height - lane.top >= one.y && height - lane.top <= one.y + one.height);
  const over = (i) => s.from[i] - reach / 4 <= at && s.until[i] + reach / 4 >= at;
  const i = (row && row.spans.find(over)) ?? lane.behind.find(over);
  return i === undefined ? null : { lane: lane, at: s.from[i], until: s.until[i], span: i, seq: s.record[i] };
}

// handle makes the drawing listen to mouse and touch: drag, drag with Shift, two fingers, wheel, click.
function handle(run) {
  const fingers = new Map();
  let start = null;
  const place = (e) => {
    const box = run.canvas.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  };
  run.plot.addEventListener("pointerdown", (e) => {
    if (place(e).x > run.width) {
      return; // the scroll bar
    }
    fingers.set(e.pointerId, place(e));
    start = { ...place(e), from: run.from, until: run.until, moved: false, marks: e.shiftKey || place(e).y < RULER };
    if (fingers.size === 2) {
      const [a, b] = [...fingers.values()];
      start.wide = Math.max(20, Math.abs(a.x - b.x));
    }
  });
  run.plot.addEventListener("pointermove", (e) => {
    const at = place(e);
    if (!start || !fingers.has(e.pointerId)) {
      return tip(run, e.pointerType === "mouse" ? hit(run, at.x, at.y) : null, at);
    }
    fingers.set(e.pointerId, at);
    if (!start.moved && Math.abs(at.x - start.x) < 5) {
      return;
    }
    if (!start.moved && e.isTrusted) {
      run.plot.setPointerCapture(e.pointerId);
    }
    start.moved = true;
    run.tip.hidden = true;
    const each = (start.until - start.from) / run.across;
    if (start.wide) {
      const [a, b] = [...fingers.values()];
      const span = (start.until - start.from) * start.wide / Math.max(20, Math.abs(a.x - b.x));
      const middle = start.from + ((a.x + b.x) / 2 - run.gutter) * each;
      return look(run, middle - span / 2, middle + span / 2);
    }
    if (start.marks) {
      run.box = [Math.min(start.x, at.x), Math.max(start.x, at.x)];
      run.window.textContent = "zoom into " + duration((run.box[1] - run.box[0]) * each);
    } else {
      look(run, start.from - (at.x - start.x) * each, start.until - (at.x - start.x) * each);
    }
  });
  const end = (e) => {
    fingers.delete(e.pointerId);
    if (start && e.type === "pointerup") {
      const item = start.moved ? null : hit(run, start.x, start.y);
      if (start.moved && start.marks && run.box) {
        look(run, timeOf(run, run.box[0]), timeOf(run, run.box[1]));
      } else if (item) {
        select(run, item);
      } else if (!start.moved) {
        release(run);
      }
    }
    run.box = null;
    start = null;
  };
  run.plot.addEventListener("pointerup", end);
  run.plot.addEventListener("pointercancel", end);
  run.plot.addEventListener("pointerleave", () => { run.tip.hidden = true; });
  run.plot.addEventListener("dblclick", (e) => zoom(run, 0.4, place(e).x));
  run.plot.addEventListener("wheel", (e) => {
    const along = e.shiftKey ? e.deltaY || e.deltaX : e.deltaX;
    if (e.ctrlKey || e.metaKey) {
      zoom(run, Math.exp(Math.max(-1, Math.min(1, e.deltaY / 300))), place(e).x);
    } else if (Math.abs(along) > 0 && (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY))) {
      pan(run, along / run.across * (run.until - run.from));
    } else {
      return;
    }
    e.preventDefault();
  }, { passive: false });
  run.plot.addEventListener("scroll", () => redraw(run));
  run.plot.addEventListener("keydown", (e) => press(run, e));
  overview(run);
}

// overview moves what is shown with the small drawing of the whole run.
function overview(run) {
  const move = (e) => {
    const box = run.whole.getBoundingClientRect(), span = run.until - run.from;
    const at = (e.clientX - box.left) / box.width * run.end;
    look(run, at - span / 2, at + span / 2);
  };
  run.whole.addEventListener("pointerdown", (e) => {
    if (run.until - run.from >= run.end) { // the whole is shown: go into the tenth that was meant
      run.until = run.from + run.end / 10;
    }
    run.whole.setPointerCapture(e.pointerId);
    move(e);
  });
  run.whole.addEventListener("pointermove", (e) => {
    if (e.buttons > 0) { move(e); }
  });
}

// tip tells what is under the mouse, beside it.
function tip(run, item, at) {
  run.plot.classList.toggle("over", item !== null);
  run.tip.hidden = item === null;
  if (item === null) {
    return;
  }
  run.tip.textContent = "#" + item.seq + " " + told(run, item);
  const box = run.tip.parentElement.getBoundingClientRect(), plot = run.plot.getBoundingClientRect();
  const left = Math.min(at.x + 14, box.width - run.tip.offsetWidth - 4);
  const below = at.y + plot.top - box.top + 18;
  run.tip.style.left = Math.max(2, left) + "px";
  run.tip.style.top = below + "px";
}

