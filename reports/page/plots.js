// plots.js: the plots of a campaign, by uPlot.

function plots() {
  const held = document.getElementById("plot-columns");
  if (!held || typeof uPlot === "undefined") {
    return () => {};
  }
  const all = JSON.parse(held.textContent), drawn = [];
  const chosen = document.querySelector('[data-role="plotted"]');
  const show = () => {
    drawn.splice(0).forEach((one) => one.destroy());
    for (const plot of all) {
      const box = document.querySelector('[data-plot="' + plot.id + '"]');
      const which = chosen ? chosen.selectedIndex : 0, counts = plot.counts[which];
      drawn.push(histogram(box.querySelector('[data-role="bars"]'), plot, counts));
      box.querySelector('[data-role="note"]').textContent = plot.notes[which];
      box.querySelectorAll("tbody td").forEach((cell, i) => { cell.textContent = grouped(counts[i]); });
    }
  };
  if (chosen) {
    chosen.addEventListener("change", show);
  }
  show();
  return show;
}

// histogram draws bars of one width, one for each bucket.
function histogram(box, plot, counts) {
  const axis = {
    stroke: paint("--soft"), grid: { stroke: paint("--line"), width: 1 }, ticks: { show: false },
    font: '11px system-ui, "Liberation Sans", sans-serif',
  };
  const width = Math.max(200, box.clientWidth);
  const every = Math.ceil(plot.labels.length * 44 / width);
  return new uPlot({
    width: width, height: 190, legend: { show: false }, cursor: { show: false }, select: { show: false },
    scales: {
      x: { time: false, range: [-0.6, plot.labels.length - 0.4] }, y: { range: (u, low, high) => [0, Math.max(1, high) * 1.12] },
    },
    series: [{}, {
      fill: paint("--c-open"), stroke: paint("--c-open"), width: 0, points: { show: false },
      paths: uPlot.paths.bars({ size: [0.82, 80] }),
    }],
    axes: [
      {
        ...axis, grid: { show: false }, gap: 4, size: 28,
        splits: () => plot.labels.map((_, i) => i).filter((i) => i % every === 0),
        values: (u, splits) => splits.map((i) => plot.labels[i]),
      },
      {
        ...axis, size: 46, gap: 4,
        values: (u, splits) => splits.map((n) => n % 1 ? "" : n >= 10000 ? n / 1000 + "k" : grouped(n)),
      },
    ],
  }, [plot.labels.map((_, i) => i), counts], box);
}

