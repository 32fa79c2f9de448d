"""The frame of an HTML page: style sheet, the few lines of script, and a policy that forbids any request."""

from __future__ import annotations

from html import escape

from nonlin.view.charts import DASHES, NIGHT, PALETTE

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6570; --rule: #d5dae0; --paper: #fff; --panel: #f5f7f9;
  --band: #8b97a433; --good: #00714f; --bad: #b3400e; --link: #0a5ca8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaee; --soft: #a3adb8; --rule: #39424c; --paper: #14181c;
  --panel: #1d2329; --band: #a9b4c030; --good: #4fd0a3; --bad: #ff9a6c; --link: #7fbcff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .5rem; padding-top: .8rem; border-top: 1px solid var(--rule);
  overflow-wrap: anywhere; }
h3 { font-size: 1.02rem; margin: 1.6rem 0 .3rem; }
p { margin: .3rem 0 .7rem; overflow-wrap: anywhere; }
.lead { color: var(--soft); }
.note, .warn { background: var(--panel); border-left: 4px solid var(--link); padding: .6rem .9rem; }
.warn { border-color: var(--bad); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .93rem; }
th, td { padding: .32rem .55rem; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--rule); }
th { border-bottom: 2px solid var(--soft); font-size: .85rem; }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:hover, th button:focus-visible { text-decoration: underline; }
th[aria-sort=ascending] button::after { content: " ↑"; } th[aria-sort=descending] button::after { content: " ↓"; }
.ranks td:nth-child(3), .ranks td:nth-child(5), .ranks td:nth-child(8), .ranks td:nth-child(9), .ranks th:nth-child(3),
.ranks th:nth-child(5), .ranks th:nth-child(8), .ranks th:nth-child(9) { text-align: right; }
.ranks td:nth-child(4), .ranks td:nth-child(6) { color: var(--soft); }
.ranks td:nth-child(2) { font-weight: 600; white-space: normal; overflow-wrap: anywhere; min-width: 9rem; max-width: 17rem; }
.verdict.better { color: var(--good); font-weight: 600; }
.verdict.worse, .verdict.diverges { color: var(--bad); font-weight: 600; }
.formulas td { white-space: normal; overflow-wrap: anywhere; min-width: 7rem; }
.formulas td + td, pre, dd { font-size: .9rem; }
.formulas td + td { font-family: ui-monospace, monospace; white-space: pre-wrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .5rem 0 1rem; font-size: .95rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
details { margin: .8rem 0; } summary { cursor: pointer; color: var(--link); }
pre { overflow: auto; max-height: 30rem; background: var(--panel); padding: .8rem; }
.legend { list-style: none; padding: 0; margin: .4rem 0; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem;
  font-size: .92rem; }
.legend li { cursor: default; overflow-wrap: anywhere; }
.curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: .6rem; }
.curves .chart { width: 100%; } .wide .chart { min-width: 36rem; max-width: 100%; }
.chart { height: auto; display: block; } .swatch { vertical-align: middle; }
.chart text { fill: var(--ink); font-size: 12px; font-family: inherit; } .chart .tick { fill: var(--soft); }
.chart .head { font-weight: 600; font-size: 13px; }
.grid { stroke: var(--rule); fill: none; } .axis { stroke: var(--soft); fill: none; } .band { fill: var(--band); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; } .whisker { fill: none; stroke-width: 2; }
.dot, .spot, .arrow { stroke: none; }
.picking .one { opacity: .18; } .picking .one.picked { opacity: 1; } tr.picked td { background: var(--panel); }
.picking tr.one, .picking .legend .one { opacity: 1; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } body { font-size: 15px; }
  .ranks { font-size: .8rem; } .ranks th { font-size: .75rem; } .ranks th, .ranks td { padding: .3rem .25rem; }
  .ranks td:nth-child(2) { min-width: 6rem; }
  .ranks .swatch, .ranks td:nth-child(4), .ranks th:nth-child(4) { display: none; } }
@media print { body { max-width: none; } details { display: none; } }
"""

_SCRIPT = """
document.querySelectorAll('.ranks').forEach(function (table) {
  var heads = table.querySelectorAll('th'), body = table.tBodies[0];
  heads.forEach(function (head, n) {
    head.querySelector('button').addEventListener('click', function () {
      var up = head.getAttribute('aria-sort') !== 'ascending';
      heads.forEach(function (h) { h.removeAttribute('aria-sort'); });
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      Array.from(body.rows).sort(function (a, b) {
        var v = a.cells[n].dataset.v, w = b.cells[n].dataset.v;
        if (v === '' || w === '') return (v === '') - (w === '');
        var d = isNaN(v) || isNaN(w) ? v.localeCompare(w) : v - w;
        return up ? d : -d;
      }).forEach(function (row) { body.appendChild(row); });
    });
  });
});
function pick(event) {
  var from = event.target.closest && event.target.closest('.one');
  var name = from && Array.from(from.classList).find(function (c) { return /^f\\d+$/.test(c); });
  document.querySelectorAll('.picked').forEach(function (e) { e.classList.remove('picked'); });
  document.body.classList.toggle('picking', Boolean(name));
  if (name) document.querySelectorAll('.one.' + name).forEach(function (e) { e.classList.add('picked'); });
}
document.addEventListener('mouseover', pick);
document.addEventListener('touchstart', pick, { passive: true });
"""


_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def page(title: str, body: str, *, style: str = "", script: str = "", connect: bool = False) -> str:
    """Return a whole page; ``title`` is text, ``body`` is HTML that is already escaped.

    ``style`` and ``script`` are added to the page's own; with ``connect`` the page may ask the server it came from for more.
    """
    policy = f"{_POLICY}; connect-src 'self'" if connect else _POLICY
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>{_STYLE}{_colours()}{style}</style>
</head>
<body>
{body}
<script>{_SCRIPT}{script}</script>
</body>
</html>
"""


def _colours() -> str:
    """Return the rules that give each function its line: ``c`` is a colour, ``d`` a dash pattern."""

    def rules(colours: tuple[str, ...]) -> str:
        return "".join(
            f".line.c{n},.whisker.c{n}{{stroke:{c}}}.dot.c{n},.spot.c{n},.arrow.c{n}{{fill:{c}}}"
            for n, c in enumerate(colours)
        )

    dashes = "".join(f".line.d{n}{{stroke-dasharray:{d}}}" for n, d in enumerate(DASHES))
    return f"{rules(PALETTE)}{dashes}\n@media (prefers-color-scheme: dark) {{{rules(NIGHT)}}}\n"
