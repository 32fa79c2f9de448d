"""The style and the script that the pages of a watched training add to the frame of every page."""

from __future__ import annotations

from nonlin.watch.heat import LEVELS, PALETTE

__all__ = ["LIVE", "SCRIPT", "STYLE"]

STYLE = """
:root { --s3: #b3261e; --s2: #9a5b00; --s1: #0a5ca8; --void: #e9edf1; --bar: #3d7ea6; }
@media (prefers-color-scheme: dark) { :root { --s3: #ff8a80; --s2: #f0b83f; --s1: #7fbcff; --void: #262d35; --bar: #6fb1da; } }
section > h2 { scroll-margin-top: 1rem; }
.curves .chart { max-width: 34rem; } .wide > .chart { width: 100%; }
.alerts { counter-reset: alert; list-style: none; padding: 0; margin: .6rem 0; display: grid; gap: .8rem; }
.alerts > li { background: var(--panel); border-left: 5px solid var(--soft); padding: .6rem .9rem; overflow-wrap: anywhere; }
.alerts > li.s3 { border-color: var(--s3); } .alerts > li.s2 { border-color: var(--s2); }
.alerts > li.s1 { border-color: var(--s1); } .alerts > li.healed { border-color: var(--rule); }
.alerts > li { counter-increment: alert; } #alerts > .alerts h3::before { content: counter(alert) ". "; }
.alerts h3 { margin: 0 0 .2rem; font-size: 1.02rem; } .alerts p { margin: .25rem 0; }
.alerts .when { color: var(--soft); font-size: .9rem; }
.alerts code, .alerts pre { font-family: ui-monospace, monospace; font-size: .9rem; }
.alerts pre { background: none; padding: 0; margin: .3rem 0; max-height: 12rem; white-space: pre-wrap; }
del { color: var(--s3); text-decoration: none; } ins { color: var(--good); text-decoration: none; }
.badge { font-weight: 700; color: var(--soft); } .badge.s3 { color: var(--s3); } .badge.s2 { color: var(--s2); } .badge.s1 { color: var(--s1); }
.fine { border-left: 4px solid var(--good); background: var(--panel); padding: .6rem .9rem; }
figure { margin: .4rem 0 .2rem; } .heat:focus-visible, details:focus-visible { outline: 2px solid var(--link); outline-offset: 3px; }
.heat image { image-rendering: pixelated; } .heat .row { font-size: 11px; font-family: ui-monospace, monospace; }
.void { fill: var(--void); } .cursor { fill: none; stroke: var(--ink); stroke-width: 1.5; pointer-events: none; }
.mark.s3, .bar.s3 { fill: var(--s3); } .mark.s2, .bar.s2 { fill: var(--s2); } .mark.s1, .bar.s1 { fill: var(--s1); }
.bar.healed { fill-opacity: .45; } .bar { fill: var(--bar); } .bar.low { fill: var(--s3); }
.told { display: block; min-height: 1.5em; font-size: .9rem; color: var(--soft); overflow-wrap: anywhere; }
.units { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18.5rem), 1fr)); gap: .9rem; }
.units figure { margin: 0; } .units .chart { width: 100%; } .units figcaption { font-size: .88rem; overflow-wrap: anywhere; }
.units figcaption b { font-family: ui-monospace, monospace; font-weight: 600; }
.units .bad { color: var(--s3); font-weight: 600; }
.values td { text-align: right; } .values td:first-child, .values th:first-child { text-align: left; }
.values th { text-align: right; white-space: normal; vertical-align: bottom; } .values th button { hyphens: auto; }
.values td:first-child { font-family: ui-monospace, monospace; white-space: normal;
  overflow-wrap: anywhere; min-width: 8rem; max-width: 20rem; } .values .words { text-align: left; }
.heats summary { padding: .3rem 0; font-weight: 600; } .heats summary small { color: var(--soft); font-weight: 400; }
.status { color: var(--soft); font-size: .9rem; } .status.lost { color: var(--s3); }
@media print { .heats details[open], #last-values[open], .alerts details[open] { display: block; } }
@media (max-width: 34rem) { .wide .chart { min-width: 40rem; } .values { font-size: .8rem; } }
"""

SCRIPT = """
var PALETTE = {}, LEVELS = %d;
'%s'.match(/.{6}/g).forEach(function (c, n) { PALETTE[parseInt(c, 16)] = n; });
function heatOf(figure, then) {
  if (figure.cells) {
    if (then) figure.cells.then = then;
    return figure.cells;
  }
  var image = figure.querySelector('image'), all = document.getElementById('axes').dataset, picture = new Image();
  var found = { rows: JSON.parse(all.layers), steps: JSON.parse(all.steps), image: image, row: 0, column: -1, data: null, then: then };
  if (figure.dataset.kept) found.rows = JSON.parse(figure.dataset.kept).map(function (n) { return found.rows[n]; });
  found.column = found.steps.length - 1;
  picture.onload = function () {
    var canvas = document.createElement('canvas'), paper;
    canvas.width = picture.width; canvas.height = picture.height;
    paper = canvas.getContext('2d', { willReadFrequently: true });
    paper.drawImage(picture, 0, 0);
    found.data = paper.getImageData(0, 0, picture.width, picture.height).data;
    found.width = picture.width;
    if (found.then) found.then();
  };
  picture.src = image.getAttribute('href');
  figure.cells = found;
  return found;
}
function number(v, unit) {
  if (unit === 'share') return (100 * v).toFixed(v > 0 && v < 0.01 ? 1 : 0) + ' %%';
  if (unit === 'log10') return '10^' + v.toFixed(1);
  return String(Number(v.toPrecision(3)));
}
function tell(figure, row, column) {
  var heat = heatOf(figure, function () { tell(figure, row, column); }), set = figure.dataset;
  var text, value, at, index, share, low = +set.low, high = +set.high;
  if (!heat.data) return;
  heat.row = Math.max(0, Math.min(heat.rows.length - 1, row));
  heat.column = Math.max(0, Math.min(heat.steps.length - 1, column));
  at = 4 * (heat.row * heat.width + heat.column);
  index = heat.data[at + 3] === 0 ? 0 : PALETTE[heat.data[at] * 65536 + heat.data[at + 1] * 256 + heat.data[at + 2]];
  share = (index - 2) / LEVELS;
  if (index === 0) text = 'not measured';
  else if (index === 1) text = 'NaN or infinite';
  else {
    value = set.log === '1' ? low * Math.pow(high / low, share) : low + share * (high - low);
    text = (index === 2 && set.log === '1' ? 'at most ' : 'about ') + number(value, set.unit);
  }
  figure.querySelector('.told').textContent = heat.rows[heat.row] + ', step ' + heat.steps[heat.column] + ': ' + text;
  var box = heat.image, mark = figure.querySelector('.cursor'), w = box.getAttribute('width') / heat.steps.length;
  var h = box.getAttribute('height') / heat.rows.length;
  mark.setAttribute('x', +box.getAttribute('x') + heat.column * w); mark.setAttribute('width', w);
  mark.setAttribute('y', +box.getAttribute('y') + heat.row * h); mark.setAttribute('height', h);
}
function heatAt(event) {
  var image = event.target.closest && event.target.closest('.heat image');
  if (!image || image.nextElementSibling === null || !image.nextElementSibling.classList.contains('cursor')) return;
  var figure = image.closest('.heat'), box = image.getBoundingClientRect(), heat = heatOf(figure);
  tell(figure, Math.floor((event.clientY - box.top) / box.height * heat.rows.length),
    Math.floor((event.clientX - box.left) / box.width * heat.steps.length));
}
document.addEventListener('pointermove', heatAt);
document.addEventListener('pointerdown', heatAt);
document.addEventListener('focusin', function (event) {
  if (event.target.classList && event.target.classList.contains('heat')) heatOf(event.target);
});
document.addEventListener('keydown', function (event) {
  var moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -1e9], End: [0, 1e9] };
  var figure = event.target, move = moves[event.key], heat;
  if (!move || !figure.classList || !figure.classList.contains('heat') || event.ctrlKey || event.altKey || event.metaKey) return;
  heat = heatOf(figure);
  tell(figure, heat.row + move[0], heat.column + move[1]);
  figure.querySelector('.cursor').scrollIntoView({ block: 'nearest', inline: 'nearest' });
  event.preventDefault();
});
document.addEventListener('click', function (event) {
  var button = event.target.closest && event.target.closest('.values th button');
  if (!button) return;
  var head = button.closest('th'), table = head.closest('table'), n = head.cellIndex, body = table.tBodies[0];
  var up = head.getAttribute('aria-sort') === 'descending';
  table.querySelectorAll('th').forEach(function (h) { h.removeAttribute('aria-sort'); });
  head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
  Array.from(body.rows).sort(function (a, b) {
    var v = a.cells[n].dataset.v, w = b.cells[n].dataset.v;
    if (v === '' || w === '') return (v === '') - (w === '');
    var d = isNaN(v) || isNaN(w) ? v.localeCompare(w) : v - w;
    return up ? d : -d;
  }).forEach(function (row) { body.appendChild(row); });
});
""" % (LEVELS - 1, "".join(PALETTE))  # noqa: UP031  the script is full of braces

LIVE = """
(function () {
  var status = document.getElementById('status'), button = document.getElementById('pause'), paused = false, waiting = {};
  function show(id, html) {
    var section = document.getElementById(id), open = {}, told = null, active = document.activeElement, focused = null;
    if (!section) return;
    section.querySelectorAll('details[id]').forEach(function (d) { open[d.id] = d.open; });
    section.querySelectorAll('.heat').forEach(function (f) {
      if (f.cells && f.cells.data && (f === active || f.matches(':hover'))) {
        told = [f.parentNode.id, f.cells.row, f.cells.column, f.cells.column === f.cells.steps.length - 1];
      }
    });
    if (section.contains(active)) focused = (active.closest('details[id]') || section).id;
    section.innerHTML = html;
    Object.keys(open).forEach(function (name) {
      var same = document.getElementById(name);
      if (same) same.open = open[name];
    });
    var again = focused && document.getElementById(focused);
    again = again && (again.querySelector('.heat') || again.querySelector('summary'));
    if (again) again.focus({ preventScroll: true });
    var place = told && document.getElementById(told[0]), figure = place && place.querySelector('.heat');
    if (figure) tell(figure, told[1], told[3] ? 1e9 : told[2]);
  }
  function flush() {
    Object.keys(waiting).forEach(function (id) { show(id, waiting[id]); });
    waiting = {};
  }
  var events = new EventSource('events');
  events.addEventListener('section', function (event) {
    var told = JSON.parse(event.data);
    waiting[told.id] = told.html;
    if (!paused) flush();
  });
  events.addEventListener('title', function (event) { document.title = JSON.parse(event.data); });
  events.onopen = function () { status.textContent = 'Live.'; status.classList.remove('lost'); };
  events.onerror = function () {
    status.textContent = 'The connection is lost: the server has ended, or will be back. What is shown is the last that was heard.';
    status.classList.add('lost');
  };
  button.addEventListener('click', function () {
    paused = !paused;
    button.textContent = paused ? 'Go on' : 'Pause';
    button.setAttribute('aria-pressed', String(paused));
    status.textContent = paused ? 'Paused.' : 'Live.';
    if (!paused) flush();
  });
})();
"""
