// SPDX-License-Identifier: Apache-2.0
// Draws the chart of the page Throughput. Without this script the sentence and the table say the same.
(() => {
  const place = document.getElementById("chart");
  if (!place || !place.dataset.speed || typeof uPlot === "undefined") return;
  const data = JSON.parse(place.dataset.speed);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const size = (v) => {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let unit = 0;
    while (v >= 1000 && unit < units.length - 1) { v /= 1000; unit++; }
    return (v >= 10 || v === Math.round(v) ? v.toFixed(0) : v.toFixed(1)) + " " + units[unit] + "/s";
  };
  const moment = (u, all) => all.map((at, i) => {
    const d = new Date(at * 1000), two = (n) => String(n).padStart(2, "0");
    const day = d.getDate() + " " + d.toLocaleString("en", { month: "short" });
    const time = two(d.getHours()) + ":" + two(d.getMinutes());
    return d.getHours() + d.getMinutes() === 0 ? day : i === 0 ? time + "\n" + day : time;
  });
  const rest = document.getElementById("left");
  const count = (v) => v == null ? "–" : Math.round(v).toLocaleString("en");
  const paper = 600; // pixels that every paper is wide enough for, whatever the window is
  let plots = [];
  const draw = (width = place.clientWidth) => {
    plots.forEach((p) => p.destroy());
    plots = [];
    const axis = { stroke: colour("--text"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
    const events = { draw: [(u) => {
      const c = u.ctx;
      c.save();
      c.strokeStyle = colour("--quiet");
      c.setLineDash([2, 3]);
      for (const at of data.events) {
        const x = Math.round(u.valToPos(at, "x", true)) + 0.5;
        if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
        c.beginPath(); c.moveTo(x, u.bbox.top); c.lineTo(x, u.bbox.top + u.bbox.height); c.stroke();
      }
      c.restore();
    }] };
    const shape = { width, height: Math.min(340, Math.max(220, width * 0.4)), hooks: events };
    const at = { value: (u, at) => at == null ? "–" : new Date(at * 1000).toLocaleString("en-GB") };
    plots.push(new uPlot({
      ...shape,
      scales: { x: { time: true }, m: { range: (u, lo, hi) => [0, Math.max(hi, 0.1)] }, o: { range: (u, lo, hi) => [0, Math.max(hi, 1)] } },
      axes: [{ ...axis, values: moment }, { ...axis, scale: "m", size: 60 }, { ...axis, scale: "o", side: 1, size: 84, grid: { show: false }, values: (u, all) => all.map(size) }],
      series: [at, { label: "messages/s", scale: "m", stroke: colour("--accent"), width: 2, value: (u, v) => v == null ? "–" : v.toFixed(1) },
        { label: "size/s", scale: "o", stroke: colour("--warn"), width: 2, dash: [6, 4], value: (u, v) => v == null ? "–" : size(v) }],
    }, [data.at, data.messages, data.octets], place));
    if (!rest) return;
    plots.push(new uPlot({
      ...shape, height: shape.height * 0.75,
      scales: { x: { time: true }, y: { range: (u, lo, hi) => [0, Math.max(hi * 1.05, 1)] } },
      axes: [{ ...axis, values: moment }, { ...axis, size: 84, values: (u, all) => all.map((v) => v === Math.round(v) ? count(v) : "") }],
      series: [at, { label: "still to copy", stroke: colour("--accent"), width: 2, value: (u, v) => count(v) }],
    }, [data.at, data.left], rest));
  };
  draw();
  let drawn = place.clientWidth;
  new ResizeObserver(() => {
    if (place.clientWidth !== drawn) { drawn = place.clientWidth; draw(); }
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
  const print = (on) => {
    document.documentElement.classList.toggle("paper", on); // light colours, whatever the screen has
    draw(on ? Math.min(paper, place.clientWidth) : place.clientWidth);
  };
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
})();
