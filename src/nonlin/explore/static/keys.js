// What the keys do, and the list of them in the dialog. In a field keys type; in the list a letter finds a function.
"use strict";
(() => {
    const NL = (globalThis.NL ??= {});
    const $ = (id) => document.getElementById(id);
    const KEYS = [
        ["/", "search"],
        ["↑ ↓, Enter", "in the list: move, draw or remove a function"],
        ["F", "type a formula"],
        ["1 2 3", "value, first, second derivative"],
        ["A", "apart: each derivative on axes of its own"],
        ["← →", "on the chart: move the point that is read"],
        ["Shift + ← →", "on the chart: move the window"],
        ["+ −", "zoom in and out"],
        ["0", "reset the window"],
        ["[ ]", "the page about the previous, the next function"],
        ["Delete", "remove that function"],
        ["C D P", "curves, depth, playground"],
        ["T", "light or dark"],
        ["?", "this list"],
    ];

    function pressed(e, app) {
        const state = app.state();
        if (e.ctrlKey || e.metaKey || e.altKey || $("help").open) return;
        const inField = e.target.closest("input:not([type=range]), textarea, select, math-field"),
            onChart = e.target === $("charts");
        if (inField) {
            if (e.key === "Escape") e.target.blur();
            return;
        }
        const width = state.x[1] - state.x[0];
        const arrows = { ArrowLeft: -1, ArrowRight: 1 };
        if (onChart && e.key in arrows) {
            const way = arrows[e.key];
            if (e.shiftKey)
                app.window.move(
                    state.x.map((v) => v + (way * width) / 10),
                    undefined,
                    true,
                );
            else app.readAt((Math.round(state.at / (width / 100) + way) * width) / 100);
            return e.preventDefault();
        }
        const onList = e.target.id === "list";
        const found = {
            "/": () => ($("catalogue").classList.contains("open") || app.toggleCatalogue(true), $("search").focus()),
            f: () => $("formula").focus(),
            1: () => app.order(0),
            2: () => app.order(1),
            3: () => app.order(2),
            a: app.apart,
            0: app.window.reset,
            "+": () => app.window.zoom(1 / 1.4),
            "=": () => app.window.zoom(1 / 1.4),
            "-": () => app.window.zoom(1.4),
            "[": () => app.act.focus(Math.max(0, state.focus - 1)),
            "]": () => app.act.focus(state.focus + 1),
            Delete: () => state.items.length && app.act.remove(state.focus),
            c: () => app.tab("curves"),
            d: () => app.tab("depth"),
            p: () => app.tab("playground"),
            t: () => $("theme").click(),
            "?": () => $("help").showModal(),
            Escape: () => app.toggleCatalogue(false),
        }[e.key.length === 1 ? e.key.toLowerCase() : e.key];
        if (!found || onList) return;
        e.preventDefault();
        found();
    }

    // app: state(), act, window, order(n), apart(), tab(name), readAt(x), toggleCatalogue(open)
    function listen(app) {
        const row = ([key, says]) =>
            NL.el("tr", {}, NL.el("th", { scope: "row" }, NL.el("kbd", {}, key)), NL.el("td", {}, says));
        $("help-keys").append(...KEYS.map(row));
        document.addEventListener("keydown", (e) => pressed(e, app));
    }

    NL.keys = { listen };
})();
