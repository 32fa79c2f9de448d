// The view as the part of the address behind "#", and back. What is at its default is left out.
"use strict";
(() => {
    const NL = (globalThis.NL ??= {});
    const TABS = ["curves", "depth", "playground"];
    const RANGE = [-5, 5];

    const fresh = () => ({
        items: [],
        orders: [true, true, false],
        apart: false,
        x: [...RANGE],
        y: null,
        at: 1,
        focus: 0,
        tab: "curves",
        find: "",
        family: "",
        kind: "",
        words: [],
        depth: {},
        playground: {},
    });

    // "leaky_relu:slope=0.2", "swiglu*1:x_held=2", "=x*tanh(a*x):a=2"
    function itemText(it) {
        const name = it.typed ? `=${encodeURIComponent(it.name.slice(1))}` : it.name;
        const curve = it.curve ? `*${it.curve}` : "";
        const values = NL.changed(it).map((s) => `${encodeURIComponent(s.name)}=${it.values[s.name]}`);
        return name + curve + (values.length ? `:${values.join(",")}` : "");
    }

    function itemFrom(text, slot) {
        const [, head, curve, values] = /^(=[^:]*|[^:*]*)(?:\*(\d+))?(?::(.*))?$/.exec(text) ?? [];
        if (head === undefined) return null;
        // encodeURIComponent leaves "*" as it is, so that in a typed formula it is no curve's number
        const it = head.startsWith("=")
            ? NL.typedItem(decodeURIComponent(head.slice(1)), slot)
            : NL.item(decodeURIComponent(head), slot);
        if (!it) return null;
        it.curve = Math.min(Number(curve ?? 0), it.entry.curves.length - 1);
        for (const pair of (values ?? "").split(",").filter(Boolean)) {
            const [name, value] = pair.split("=");
            NL.set(it, decodeURIComponent(name), Number(value));
        }
        return it;
    }

    const short = (v) => String(Number(v.toPrecision(6)));

    function write(state) {
        const base = fresh(),
            parts = [];
        const add = (key, value) => parts.push(`${key}=${value}`);
        add("f", state.items.map(itemText).join(";"));
        const orders = state.orders.map((on, n) => (on ? n : "")).join("");
        if (orders !== "01") add("o", orders);
        if (state.apart) add("apart", 1);
        if (state.x.join() !== base.x.join()) add("x", state.x.map(short).join(","));
        if (state.y) add("y", state.y.map(short).join(","));
        if (state.at !== base.at) add("at", short(state.at));
        if (state.focus) add("about", state.focus);
        if (state.tab !== base.tab) add("tab", state.tab);
        if (state.find) add("find", encodeURIComponent(state.find));
        if (state.family) add("family", encodeURIComponent(state.family));
        if (state.kind) add("kind", state.kind);
        if (state.words.length) add("with", state.words.map(encodeURIComponent).join(","));
        for (const view of ["depth", "playground"])
            for (const [k, v] of Object.entries(state[view])) add(`${view}.${encodeURIComponent(k)}`, encodeURIComponent(v));
        return `#${parts.join("&")}`;
    }

    // Return the state a link describes and what of it could not be read, in sentences.
    function read(hash, start) {
        const state = fresh(),
            wrong = [];
        const parts = new Map(
            hash
                .replace(/^#/, "")
                .split("&")
                .filter(Boolean)
                .map((p) => [p.split("=", 1)[0], p.slice(p.indexOf("=") + 1)]),
        );
        const numbers = (text, least) => {
            const found = text.split(",").map(Number);
            return found.length === 2 && found.every(Number.isFinite) && found[1] - found[0] > least ? found : null;
        };
        const wanted = parts.has("f") ? parts.get("f").split(";").filter(Boolean) : start;
        for (const text of wanted.slice(0, NL.data.colours[0].length)) {
            try {
                const it = itemFrom(text, state.items.length);
                if (it) state.items.push(it);
                else wrong.push(`The link names ${decoded(text)}, which this page does not have.`);
            } catch (error) {
                wrong.push(`The link holds ${decoded(text)}: ${error.message}`);
            }
        }
        if (parts.has("o")) state.orders = [0, 1, 2].map((n) => parts.get("o").includes(n));
        if (!state.orders.includes(true)) state.orders = fresh().orders;
        state.apart = parts.get("apart") === "1";
        state.x = numbers(parts.get("x") ?? "", 1e-9) ?? state.x;
        state.y = numbers(parts.get("y") ?? "", 0);
        if (Number.isFinite(Number(parts.get("at") ?? NaN))) state.at = Number(parts.get("at"));
        state.focus = Math.min(
            Math.max(Math.trunc(Number(parts.get("about") ?? 0)) || 0, 0),
            Math.max(0, state.items.length - 1),
        );
        if (TABS.includes(parts.get("tab"))) state.tab = parts.get("tab");
        for (const key of ["find", "family", "kind"]) state[key] = decoded(parts.get(key) ?? "");
        state.words = (parts.get("with") ?? "").split(",").filter(Boolean).map(decoded);
        for (const [key, value] of parts) {
            const [view, name] = [key.slice(0, key.indexOf(".")), key.slice(key.indexOf(".") + 1)];
            if (view === "depth" || view === "playground") state[view][decoded(name)] = decoded(value);
        }
        return { state, wrong };
    }

    function decoded(text) {
        try {
            return decodeURIComponent(text);
        } catch {
            return text;
        }
    }

    NL.link = { fresh, write, read, itemText, TABS };
})();
