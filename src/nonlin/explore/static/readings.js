// Numbers beside the drawing: the values at one point, and the table of values.
"use strict";
(() => {
    const NL = (globalThis.NL ??= {});
    const $ = (id) => document.getElementById(id);
    const HEADS = ["f(x)", "f′(x)", "f″(x)"];

    function readout(state, theme, x) {
        const digits = innerWidth < 480 ? 4 : 6;
        const orders = [0, 1, 2];
        const head = NL.el(
            "tr",
            {},
            NL.el("th", { scope: "col" }, NL.el("span", { class: "sr" }, "function")),
            ...orders.map((o) => NL.el("th", { scope: "col" }, HEADS[o])),
        );
        const rows = state.items.map((it) =>
            NL.el(
                "tr",
                {},
                NL.el("th", { scope: "row" }, NL.swatch(theme.colours[it.slot], []), NL.el("span", {}, NL.label(it))),
                ...orders.map((o) => NL.el("td", {}, NL.number(it.bound[o](x), digits))),
            ),
        );
        $("readout").replaceChildren(NL.el("thead", {}, head), NL.el("tbody", {}, ...rows));
    }

    function table(state) {
        const place = document.querySelector("#table > div"),
            orders = [0, 1, 2].filter((o) => state.orders[o]);
        const xs = NL.chart.places(state.x[0], state.x[1], 21);
        const columns = state.items.flatMap((it) => orders.map((o) => ({ it, o })));
        const head = NL.el(
            "tr",
            {},
            NL.el("th", { scope: "col" }, "x"),
            ...columns.map(({ it, o }) => NL.el("th", { scope: "col" }, `${NL.label(it)}${NL.chart.MARKS[o]}`)),
        );
        const rows = Array.from(xs, (x) =>
            NL.el(
                "tr",
                {},
                NL.el("th", { scope: "row" }, NL.number(x, 5)),
                ...columns.map(({ it, o }) => NL.el("td", {}, NL.number(it.bound[o](x)))),
            ),
        );
        place.replaceChildren(NL.el("table", { class: "values" }, NL.el("thead", {}, head), NL.el("tbody", {}, ...rows)));
    }

    NL.readings = { readout, table };
})();
