// What the views share: the data, functions with their parameters bound, colours, numbers as text, small help with the DOM.
"use strict";
(() => {
    const NL = (globalThis.NL ??= {});
    const DASHES = [[], [9, 4], [9, 4, 2, 4], [2, 3]];
    const DIRECTION = 1;

    // -- data --------------------------------------------------------------------------------------------------------
    async function load() {
        const text = document.getElementById("data").textContent;
        const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
        NL.data = await new Response(stream).json();
        NL.entries = new Map(NL.data.functions.map((e) => [e.name, e]));
        for (const e of NL.data.functions) {
            e.sliders = e.sliders.map(([name, value, low, high, learnable, above, says]) => ({
                name,
                value,
                low,
                high,
                learnable,
                above,
                says,
            }));
            e.curves = e.curves.map(([label, sliders, orders, row, entry, noisy]) => ({
                label,
                sliders,
                orders,
                row,
                entry,
                noisy,
            }));
        }
        return NL.data;
    }

    // -- what is drawn -----------------------------------------------------------------------------------------------
    // An item is a function a person has chosen: {key, name, entry | typed, curve, values, slot}.
    function item(name, slot) {
        const entry = NL.entries.get(name);
        return entry && { name, label: name, entry, typed: null, curve: 0, values: defaults(entry.sliders), slot };
    }

    function typedItem(text, slot) {
        const typed = NL.formula.compile(text);
        const sliders = typed.parameters.map((p) => ({
            ...p,
            value: p.default,
            low: p.low ?? null,
            high: p.high ?? null,
            says: "",
        }));
        const curves = [{ label: "", sliders: sliders.map((s) => s.name), orders: [], row: false }];
        return {
            name: `=${typed.text ?? text}`,
            label: typed.text ?? text,
            entry: { sliders, curves, laws: [] },
            typed,
            curve: 0,
            values: defaults(sliders),
            slot,
        };
    }

    const defaults = (sliders) => Object.fromEntries(sliders.map((s) => [s.name, s.value]));

    // Return [value, first, second] as functions of x alone.
    function bound(it) {
        if (it.typed) {
            const p = it.entry.sliders.map((s) => it.values[s.name]);
            return [(x) => it.typed.value(x, p), (x) => it.typed.first(x, p), (x) => it.typed.second(x, p)];
        }
        const curve = it.entry.curves[it.curve],
            p = curve.sliders.map((n) => it.values[n]);
        const f = curve.orders.map((n) => NL.code[n]);
        if (!curve.row) return f.map((g) => bindAll(g, p));
        const others = it.entry.sliders
            .filter((s) => s.says && !curve.sliders.includes(s.name))
            .map((s) => it.values[s.name]);
        const row = Float64Array.of(0, ...others),
            along = new Float64Array(row.length);
        along[0] = DIRECTION;
        return f.map((g, order) => (x) => {
            row[0] = x;
            const out = order ? g(row, along, ...p) : g(row, ...p);
            return typeof out === "number" ? out : out[Math.max(curve.entry, 0)];
        });
    }

    function bindAll(g, p) {
        if (p.length === 0) return (x) => g(x);
        if (p.length === 1) return (x) => g(x, p[0]);
        if (p.length === 2) return (x) => g(x, p[0], p[1]);
        return (x) => g(x, ...p);
    }

    // Return a function that draws one value as in training, or null for a function without noise.
    function noisy(it) {
        const curve = it.entry.curves[it.curve];
        if (!(curve.noisy >= 0)) return null;
        const g = NL.code[curve.noisy],
            p = curve.sliders.map((n) => it.values[n]),
            chance = random(7);
        return (x) => g(x, ...it.entry.laws.map((law) => (law === "uniform" ? chance() : normal(chance))), ...p);
    }

    // mulberry32: small, and the same dots every time
    function random(seed) {
        let a = seed;
        return () => {
            a = (a + 0x6d2b79f5) | 0;
            let t = Math.imul(a ^ (a >>> 15), 1 | a);
            t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
            return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
        };
    }
    const normal = (chance) => Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());

    // What a slider may reach: the allowed range where it is short, and around the default where it is wide.
    function reach(s) {
        const span = Math.max(1, 2 * Math.abs(s.value));
        return [Math.max(s.low ?? -Infinity, s.value - 2 * span), Math.min(s.high ?? Infinity, s.value + 2 * span)];
    }

    // Set one parameter, within its range and on the right side of the one it must not cross.
    function set(it, name, value) {
        const sliders = it.entry.sliders,
            s = sliders.find((t) => t.name === name);
        if (!s || !Number.isFinite(value)) return;
        let v = Math.min(Math.max(value, s.low ?? -Infinity), s.high ?? Infinity);
        if (s.above) v = Math.max(v, it.values[s.above]);
        for (const t of sliders) if (t.above === name) v = Math.min(v, it.values[t.name]);
        it.values[name] = v;
    }

    const changed = (it) => it.entry.sliders.filter((s) => it.values[s.name] !== s.value);

    function label(it) {
        const curve = it.entry.curves[it.curve];
        return it.entry.curves.length > 1 ? `${it.label}, ${curve.label}` : it.label;
    }

    // -- text --------------------------------------------------------------------------------------------------------
    function number(v, digits = 6) {
        if (v === null || v === undefined || Number.isNaN(v)) return "undefined";
        if (!Number.isFinite(v)) return v > 0 ? "∞" : "−∞";
        const size = Math.abs(v);
        let text =
            size !== 0 && (size < 1e-4 || size >= 1e7)
                ? v.toExponential(Math.min(3, digits - 1)).replace("e+", "e")
                : String(Number(v.toPrecision(digits)));
        if (text.includes("e")) text = text.replace(/(\.\d*?)0+e/, "$1e").replace(".e", "e");
        return text.replace("-", "−");
    }

    function el(tag, attributes = {}, ...children) {
        const made = document.createElement(tag);
        for (const [k, v] of Object.entries(attributes)) {
            if (k === "on") for (const [event, act] of Object.entries(v)) made.addEventListener(event, act);
            else if (k === "data") Object.assign(made.dataset, v);
            else if (k in made && typeof v !== "string") made[k] = v;
            else if (v !== null && v !== undefined) made.setAttribute(k, v);
        }
        made.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
        return made;
    }

    // Markup that Python or the formula reader wrote; both escape what a person typed.
    function markup(tag, attributes, html) {
        const made = el(tag, attributes);
        made.innerHTML = html;
        return made;
    }

    // a name that may be broken after each "_" and "."
    const breaking = (name) =>
        name.split(/(?<=[_.])/).flatMap((part, n) => (n ? [document.createElement("wbr"), part] : [part]));

    function swatch(colour, dash) {
        const ns = "http://www.w3.org/2000/svg",
            svg = document.createElementNS(ns, "svg"),
            line = document.createElementNS(ns, "path");
        for (const [k, v] of Object.entries({
            viewBox: "0 0 28 8",
            width: 28,
            height: 8,
            "aria-hidden": "true",
            class: "swatch",
        }))
            svg.setAttribute(k, v);
        for (const [k, v] of Object.entries({
            d: "M1 4H27",
            fill: "none",
            stroke: colour,
            "stroke-width": 2.5,
            "stroke-dasharray": dash.join(" "),
        }))
            line.setAttribute(k, v);
        svg.append(line);
        return svg;
    }

    function theme() {
        const dark = document.documentElement.dataset.theme === "dark",
            css = getComputedStyle(document.documentElement);
        const names = ["ink", "soft", "rule", "paper", "panel", "accent", "good", "bad"];
        const told = Object.fromEntries(names.map((n) => [n, css.getPropertyValue(`--${n}`).trim()]));
        return { dark, ...told, colours: NL.data.colours[dark ? 1 : 0], dashes: DASHES };
    }

    Object.assign(NL, {
        load,
        item,
        typedItem,
        bound,
        noisy,
        reach,
        set,
        changed,
        label,
        number,
        el,
        markup,
        breaking,
        swatch,
        theme,
        random,
    });
})();
