// The functions that are drawn: chips to pick and remove them, sliders, and the page about the one that is picked.
"use strict";
(() => {
    const NL = (globalThis.NL ??= {});
    const $ = (id) => document.getElementById(id);
    const STEPS = 400;

    // -- chips -------------------------------------------------------------------------------------------------------
    function chips(state, theme, act) {
        $("chips").replaceChildren(
            ...state.items.map((it, n) => {
                const dash = state.apart ? theme.dashes[it.slot % 4] : [];
                const pick = NL.el(
                    "button",
                    {
                        type: "button",
                        class: "pick",
                        "aria-pressed": String(n === state.focus),
                        on: { click: () => act.focus(n) },
                    },
                    NL.swatch(theme.colours[it.slot], dash),
                    NL.el("span", {}, ...NL.breaking(NL.label(it))),
                );
                const drop = NL.el(
                    "button",
                    {
                        type: "button",
                        class: "drop",
                        "aria-label": `Remove ${it.label}`,
                        on: { click: () => act.remove(n) },
                    },
                    "×",
                );
                return NL.el("li", { class: n === state.focus ? "chip picked" : "chip" }, pick, drop);
            }),
        );
    }

    // -- sliders -----------------------------------------------------------------------------------------------------
    function parameters(state, theme, act) {
        const cards = state.items.map((it, n) => card(it, n, theme, act)).filter(Boolean);
        $("parameters").replaceChildren(...cards);
        $("parameters").hidden = !cards.length;
    }

    function card(it, n, theme, act) {
        const many = it.entry.curves.length > 1,
            used = usedBy(it);
        if (!many && !used.length) return null;
        const head = NL.el("h3", {}, NL.swatch(theme.colours[it.slot], []), it.label);
        const reset = NL.el(
            "button",
            { type: "button", class: "quiet", disabled: !NL.changed(it).length, on: { click: () => act.defaults(n) } },
            "Defaults",
        );
        const made = NL.el(
            "fieldset",
            { class: "card", data: { n } },
            NL.el("legend", { class: "sr" }, `Parameters of ${it.label}`),
            NL.el("div", { class: "head" }, head, used.length ? reset : null),
        );
        if (many) {
            const id = `curve-${n}`;
            const choice = NL.el(
                "select",
                { id, on: { change: (e) => act.curve(n, Number(e.target.value)) } },
                ...it.entry.curves.map((c, k) => NL.el("option", { value: String(k), selected: k === it.curve }, c.label)),
            );
            made.append(NL.el("div", { class: "pair" }, NL.el("label", { for: id }, "drawn"), choice));
        }
        made.append(...used.map((s) => slider(it, n, s, act)));
        return made;
    }

    // the sliders the drawn curve depends on
    function usedBy(it) {
        const curve = it.entry.curves[it.curve];
        return it.entry.sliders.filter((s) => curve.sliders.includes(s.name) || (curve.row && s.says));
    }

    function slider(it, n, s, act) {
        const id = `p-${n}-${s.name}`,
            [low, high] = NL.reach(s),
            value = it.values[s.name];
        const allowed =
            s.low === null && s.high === null
                ? "any number"
                : s.high === null
                  ? `at least ${NL.number(s.low)}`
                  : s.low === null
                    ? `at most ${NL.number(s.high)}`
                    : `${NL.number(s.low)} to ${NL.number(s.high)}`;
        const says = [s.says, allowed, `default ${NL.number(s.value)}`, s.learnable ? "learnable" : ""]
            .filter(Boolean)
            .join(", ");
        const range = NL.el("input", {
            type: "range",
            id,
            min: String(low),
            max: String(high),
            step: String((high - low) / STEPS),
            "aria-label": `${spelled(s.name)} of ${it.label}`,
            "aria-describedby": `${id}-says`,
        });
        const exact = NL.el("input", {
            type: "number",
            step: "any",
            "aria-label": `${spelled(s.name)} of ${it.label}, exactly`,
            min: s.low,
            max: s.high,
        });
        range.value = value;
        exact.value = short(value);
        range.addEventListener("input", () =>
            act.set(n, s.name, nearDefault(Number(range.value), s, (high - low) / STEPS), false),
        );
        range.addEventListener("change", () =>
            act.set(n, s.name, nearDefault(Number(range.value), s, (high - low) / STEPS), true),
        );
        exact.addEventListener("change", () => exact.value !== "" && act.set(n, s.name, Number(exact.value), true));
        return NL.el(
            "div",
            { class: "slider", data: { name: s.name } },
            NL.el("label", { for: id }, spelled(s.name)),
            range,
            exact,
            NL.el("small", { id: `${id}-says` }, says),
        );
    }

    const short = (v) => String(Number(v.toPrecision(6)));
    const spelled = (name) => name.replace(/_/g, " ");
    // a slider's steps need not meet the default; close to it, it is meant
    const nearDefault = (v, s, step) => (Math.abs(v - s.value) <= step / 2 ? s.value : Number(v.toPrecision(6)));

    // after a slider moved: numbers and positions, without building anything anew (which would end the drag)
    let later = 0;
    function refresh(state, act) {
        clearTimeout(later);
        later = setTimeout(() => {
            const it = state.items[state.focus];
            if (it) near(it, act);
            if (it?.typed) $("typed-facts")?.replaceChildren(...typedFacts(it));
        }, 250);
        for (const made of document.querySelectorAll("#parameters .card")) {
            const it = state.items[Number(made.dataset.n)];
            for (const row of made.querySelectorAll(".slider")) {
                const [range, exact] = row.querySelectorAll("input"),
                    v = it.values[row.dataset.name];
                if (Number(range.value) !== v) range.value = v;
                if (Number(exact.value) !== Number(short(v))) exact.value = short(v);
            }
            const reset = made.querySelector(".quiet");
            if (reset) reset.disabled = !NL.changed(it).length;
        }
    }

    // -- about -------------------------------------------------------------------------------------------------------
    function about(state, act) {
        const it = state.items[state.focus],
            place = $("about");
        place.replaceChildren(
            ...(it
                ? it.typed
                    ? aboutTyped(it)
                    : aboutEntry(it, act)
                : [NL.el("p", { class: "soft" }, "Choose a function from the catalogue, or type a formula.")]),
        );
        note(state);
        if (it) near(it, act);
    }

    // functions of nearly the same shape, at the sliders' present positions
    function near(it, act) {
        const place = $("near"),
            found = NL.near.nearest(it);
        if (!place) return;
        place.replaceChildren(
            ...(found.length
                ? [
                      NL.el("h3", {}, "Nearest in shape"),
                      NL.el(
                          "p",
                          { class: "alike" },
                          ...found.map(([name, r]) =>
                              NL.el(
                                  "button",
                                  { type: "button", title: "Draw it too", on: { click: () => act.toggle(name) } },
                                  name,
                                  NL.el("small", {}, ` ${r.toFixed(3)}`),
                              ),
                          ),
                      ),
                      NL.el(
                          "p",
                          { class: "soft small" },
                          "Correlation of the outputs for one standard normal input, as the sliders stand.",
                      ),
                  ]
                : []),
        );
    }

    function aboutTyped(it) {
        const { typed } = it;
        return [
            NL.el("h2", {}, "Your formula"),
            NL.el("pre", { class: "source" }, it.label),
            formula("f(x) =", typed.mathml),
            formula("f′(x) =", typed.derivativeMathml),
            NL.el("h3", {}, "Facts"),
            NL.el("p", { class: "soft defaults-note" }),
            NL.el("table", { class: "facts" }, NL.el("tbody", { id: "typed-facts" }, ...typedFacts(it))),
            NL.el("p", { class: "soft" }, "Computed in this page. On your machine, nonlin proves more: "),
            NL.el("pre", { class: "source" }, `nonlin show "${it.label}" --facts`),
            NL.el("div", { id: "near" }),
        ];
    }

    // facts of a typed formula follow its sliders
    function typedFacts(it) {
        const found = NL.changed(it).length
            ? it.typed.factsOf(it.entry.sliders.map((s) => it.values[s.name]))
            : it.typed.facts;
        return found.map(([a, b]) => NL.el("tr", {}, NL.el("th", { scope: "row" }, a), NL.el("td", {}, b)));
    }

    function aboutEntry(it, act) {
        const e = it.entry,
            parts = [
                NL.el("h2", {}, ...NL.breaking(e.name)),
                NL.el("p", { class: "summary" }, e.summary),
                formula("", e.math),
            ];
        if (e.rest) parts.push(formula("outside training", e.rest));
        if (e.slope) parts.push(details("Derivative", NL.markup("div", { class: "formula" }, e.slope)));
        if (e.says) parts.push(NL.el("p", { class: "note" }, e.says));
        const rows = [
            ["kind", [e.kind, ...e.labels].join(", ")],
            ["", e.kindSays],
            ["family", e.family],
            ["also called", e.aliases.join(", ")],
            ["shares the name", e.shared.join(", ")],
            ["noise", e.noise.join("; ")],
            ["reference", e.cite],
            ["evidence", e.evidence],
        ];
        parts.push(NL.el("h3", {}, "Facts"), NL.el("p", { class: "soft defaults-note" }), facts(e));
        parts.push(
            NL.el("h3", {}, "Names and sources"),
            NL.el("dl", {}, ...rows.filter((r) => r[1]).flatMap(([a, b]) => [NL.el("dt", {}, a), NL.el("dd", {}, b)])),
        );
        if (e.peers.length)
            parts.push(
                NL.el("h3", {}, "In other libraries"),
                NL.el(
                    "dl",
                    { class: "peers" },
                    ...e.peers.flatMap(([library, names, more]) => [
                        NL.el("dt", {}, library),
                        NL.el("dd", {}, NL.el("code", {}, ...NL.breaking(names)), more ? NL.el("small", {}, more) : null),
                    ]),
                ),
            );
        parts.push(NL.el("div", { id: "near" }));
        return parts;
    }

    function facts(e) {
        if (!e.facts.length)
            return NL.el(
                "p",
                { class: "soft" },
                NL.data.hasFacts
                    ? "None of the facts applies to functions of this kind."
                    : "This page was written without facts.",
            );
        const told = e.facts.filter((f) => !(f[1] === "none" && f[2] === "proved" && QUIET.has(f[0])));
        const row = ([name, text, how, more]) => {
            const [title, meaning] = NL.data.factWords[name];
            return NL.el(
                "tr",
                {},
                NL.el("th", { scope: "row", title: meaning }, title),
                NL.el("td", {}, ...shortened(signs(text)), more ? NL.el("small", {}, more) : null),
                NL.el("td", { class: `how ${how}` }, how),
            );
        };
        const table = NL.el(
            "table",
            { class: "facts" },
            NL.el(
                "thead",
                { class: "sr" },
                NL.el("tr", {}, ...["fact", "value", "how it is known"].map((h) => NL.el("th", { scope: "col" }, h))),
            ),
            NL.el("tbody", {}, ...told.map(row)),
        );
        const known = new Set(told.map((f) => f[2]));
        const words = Object.entries(NL.data.how)
            .filter(([how]) => known.has(how))
            .flatMap(([how, says]) => [NL.el("dt", {}, how), NL.el("dd", {}, says)]);
        const meanings = told.flatMap(([name]) => [
            NL.el("dt", {}, NL.data.factWords[name][0]),
            NL.el("dd", {}, `${NL.data.factWords[name][1]}: ${NL.data.factWords[name][2]}`),
        ]);
        return NL.el(
            "div",
            {},
            table,
            details("How this is known, and what it means", NL.el("dl", {}, ...words, ...meanings)),
        );
    }
    // a function that oscillates has dozens of pieces; they unfold
    function shortened(text) {
        if (text.length <= LONG) return [text];
        const cut = text.lastIndexOf(",", LONG - 30) + 1 || LONG - 30;
        return [NL.el("details", {}, NL.el("summary", {}, `${text.slice(0, cut)} …`), text)];
    }
    const LONG = 120;
    const signs = (text) => text.replace(/\binf\b/g, "∞").replace(/(^|[^\w\]])-(?=[\d∞])/g, "$1−");
    const QUIET = new Set(["inflections", "jumps", "kinks", "maxima", "minima", "dead_zone"]);

    // facts are about the default parameters; say so when a slider stands elsewhere
    function note(state) {
        const it = state.items[state.focus],
            place = document.querySelector("#about .defaults-note");
        if (!it || !place) return;
        const moved = NL.changed(it).length > 0,
            any = it.entry.sliders.some((s) => !s.says);
        place.textContent = it.typed
            ? any
                ? "As the sliders stand."
                : ""
            : moved
              ? "These hold at the default parameters, not at the sliders' present positions."
              : any
                ? "At the default parameters."
                : "";
        place.classList.toggle("warn", moved && !it.typed);
        place.hidden = !place.textContent;
    }

    const details = (title, ...inside) => NL.el("details", {}, NL.el("summary", {}, title), ...inside);
    const formula = (before, html) => {
        const made = NL.markup(
            "div",
            { class: "formula", tabindex: "0", role: "group", "aria-label": before || "formula" },
            html,
        );
        if (before) made.prepend(NL.el("span", { class: "before" }, before));
        return made;
    };

    NL.cards = { chips, parameters, refresh, about, note };
})();
