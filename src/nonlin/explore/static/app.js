// The page: one state, drawn whole after every change and written into the address; keys; tabs; light and dark.
"use strict";
(() => {
    const NL = (globalThis.NL ??= {});
    const $ = (id) => document.getElementById(id);
    const { el, number } = NL;
    const VIEWS = { depth: null, playground: null };
    let state,
        drawing,
        list,
        hoverAt = null,
        waiting = 0,
        written = "",
        toastTimer = 0;

    const most = () => NL.data.colours[0].length;

    // -- change and draw ---------------------------------------------------------------------------------------------
    // final: a step that Back undoes; otherwise the address is only brought up to date (a drag, a letter typed)
    function change(act, { final = true, rebuild = true } = {}) {
        act(state);
        for (const it of state.items) it.bound = NL.bound(it);
        state.focus = Math.min(Math.max(state.focus, 0), Math.max(0, state.items.length - 1));
        write(final);
        show(rebuild);
    }

    // Browsers allow some hundred changes of the address in a while, fewer than a drag has: those in between come late or never.
    function write(final) {
        clearTimeout(pending);
        if (!final) {
            pending = setTimeout(() => address("replaceState", NL.link.write(state)), LATER);
            return;
        }
        const hash = NL.link.write(state);
        if (hash === committed) return address("replaceState", hash);
        if (committed) address("replaceState", committed); // what a drag passed through is not a step
        address("pushState", hash);
        committed = hash;
    }
    const LATER = 300;
    let pending = 0;

    function address(how, hash) {
        if (hash === location.hash) return;
        try {
            history[how](null, "", hash);
            written = hash;
        } catch {
            // a browser that has had enough of them: the next one will do
        }
    }
    let committed = "";

    function show(rebuild) {
        const theme = NL.theme();
        list.render(
            state,
            state.items.map((it) => it.name),
        );
        if (rebuild) {
            NL.cards.chips(state, theme, act);
            NL.cards.parameters(state, theme, act);
            NL.cards.about(state, act);
        } else {
            NL.cards.refresh(state, act);
            NL.cards.note(state);
        }
        switches();
        if (!waiting) waiting = requestAnimationFrame(paint);
    }

    function switches() {
        for (const b of document.querySelectorAll(".order"))
            b.setAttribute("aria-pressed", String(state.orders[Number(b.dataset.order)]));
        $("apart").setAttribute("aria-pressed", String(state.apart));
        for (const tab of NL.link.TABS) {
            const on = tab === state.tab,
                button = $(`tab-${tab}`),
                panel = $(`panel-${tab}`);
            button.setAttribute("aria-selected", String(on));
            button.tabIndex = on ? 0 : -1;
            if (panel.hidden === on) {
                panel.hidden = !on;
                VIEWS[tab]?.shown?.(on);
            }
        }
        document.body.dataset.tab = state.tab;
    }

    function paint() {
        waiting = 0;
        const theme = NL.theme();
        if (state.tab === "curves") {
            drawing.draw({ ...state, theme });
            legend(theme);
            reading();
            if ($("table").open) NL.readings.table(state);
        } else view(state.tab)?.update(shared(theme), theme);
        announce();
    }

    const shared = (theme) =>
        state.items.map((it) => ({
            name: it.name,
            label: NL.label(it),
            colour: theme.colours[it.slot],
            dash: theme.dashes[it.slot % 4],
            value: it.bound[0],
            first: it.bound[1],
            second: it.bound[2],
        }));

    function legend(theme) {
        const shown = [0, 1, 2].filter((o) => state.orders[o]);
        const told =
            state.apart || shown.length < 2
                ? []
                : shown.map((o) =>
                      el(
                          "span",
                          {},
                          NL.swatch(theme.soft, NL.chart.ORDER_DASHES[o]),
                          ["value f", "first derivative f′", "second derivative f″"][o],
                      ),
                  );
        $("keys").replaceChildren(...told);
    }

    function reading() {
        const x = hoverAt ?? state.at;
        if (document.activeElement !== $("at") || hoverAt !== null) $("at").value = String(Number(x.toPrecision(5)));
        NL.readings.readout(state, NL.theme(), x);
        mark(x);
    }

    // the line at the point that is read
    function mark(x) {
        for (const { plot } of drawing.panels()) {
            let line = plot.over.querySelector(".at");
            if (!line) plot.over.append((line = el("div", { class: "at" })));
            const left = plot.valToPos(x, "x");
            line.hidden = !(left >= 0 && left <= plot.over.clientWidth);
            line.style.transform = `translateX(${left}px)`;
        }
    }

    // what is drawn, in words, for those who do not see it
    let said = "";
    function announce() {
        const orders = ["the value", "the first derivative", "the second derivative"]
            .filter((_, n) => state.orders[n])
            .join(" and ");
        const names = state.items.map(
            (it) =>
                NL.label(it) +
                (NL.changed(it).length
                    ? ` with ${NL.changed(it)
                          .map((s) => `${s.name} ${number(it.values[s.name])}`)
                          .join(", ")}`
                    : ""),
        );
        const words =
            state.tab !== "curves"
                ? `${$(`tab-${state.tab}`).textContent} of ${names.join(", ") || "nothing yet"}.`
                : names.length
                  ? `Drawn: ${orders} of ${names.join(", ")}, for x from ${number(state.x[0], 4)} to ${number(state.x[1], 4)}.`
                  : "Nothing is drawn yet.";
        if (words === said) return;
        said = words;
        clearTimeout(announce.timer);
        announce.timer = setTimeout(() => ($("live").textContent = words), 400); // once a drag has ended
    }

    function toast(text) {
        $("toast").textContent = text;
        $("toast").hidden = false;
        clearTimeout(toastTimer);
        toastTimer = setTimeout(() => ($("toast").hidden = true), 6000);
    }

    // -- what a person can do ----------------------------------------------------------------------------------------
    const act = {
        toggle(name) {
            const n = state.items.findIndex((it) => it.name === name);
            if (n >= 0) return act.remove(n);
            act.add(() => NL.item(name, free()));
        },
        add(make) {
            if (state.items.length >= most()) return toast(`${most()} functions are drawn at most; remove one first.`);
            const made = make();
            change((s) => s.items.push(made) && (s.focus = s.items.length - 1));
        },
        remove: (n) => change((s) => (s.items.splice(n, 1), s.focus > n || s.focus === s.items.length ? s.focus-- : 0)),
        focus: (n) => change((s) => (s.focus = n)),
        curve: (n, k) => change((s) => ((s.items[n].curve = k), (s.focus = n))),
        defaults: (n) =>
            change((s) => s.items[n].entry.sliders.forEach((t) => (s.items[n].values[t.name] = t.value)), {
                rebuild: false,
            }),
        set: (n, name, value, final) => change((s) => NL.set(s.items[n], name, value), { final, rebuild: false }),
    };

    // the first colour nobody has
    const free = () => [...Array(most()).keys()].find((slot) => !state.items.some((it) => it.slot === slot)) ?? 0;

    const window_ = {
        hover: (x) => ((hoverAt = x), reading()),
        pick: (x) => ((hoverAt = null), change((s) => (s.at = Number(x.toPrecision(4))), { rebuild: false })),
        move: (x, y, final) => change((s) => ((s.x = x), y && (s.y = y)), { final, rebuild: false }),
        reset: () => change((s) => ((s.x = NL.link.fresh().x), (s.y = null)), { rebuild: false }),
        zoom(factor, at = (state.x[0] + state.x[1]) / 2, final = true) {
            const width = (state.x[1] - state.x[0]) * factor;
            if (width < 1e-6 || width > 1e6) return;
            change(
                (s) => {
                    s.x = s.x.map((v) => at + (v - at) * factor);
                    if (s.y) s.y = s.y.map((v) => (s.y[0] + s.y[1]) / 2 + (v - (s.y[0] + s.y[1]) / 2) * factor);
                },
                { final, rebuild: false },
            );
            clearTimeout(settling);
            if (!final) settling = setTimeout(() => write(true), 2 * LATER); // a turn of the wheel is one step
        },
    };
    let settling = 0;

    const order = (n) =>
        change(
            (s) => {
                s.orders[n] = !s.orders[n];
                if (!s.orders.includes(true)) s.orders[n] = true; // something is always drawn
            },
            { rebuild: false },
        );
    const apart = () => change((s) => (s.apart = !s.apart));
    const tab = (name) => change((s) => (s.tab = name), { rebuild: false });

    function draw(text) {
        const place = $("formula-error");
        place.replaceChildren();
        $("formula").removeAttribute("aria-invalid");
        if (!text.trim()) return;
        try {
            act.add(() => NL.typedItem(text, free()));
            $("formula").value = "";
        } catch (error) {
            place.textContent = error.message;
            $("formula").setAttribute("aria-invalid", "true");
            const at = error.position;
            if (Number.isInteger(at) && at >= 0 && at <= text.length)
                $("formula").setSelectionRange(at, Math.min(at + 1, text.length));
            $("formula").focus();
        }
    }

    function filter(patch) {
        change(
            (s) => {
                if (patch.word)
                    s.words = s.words.includes(patch.word)
                        ? s.words.filter((w) => w !== patch.word)
                        : [...s.words, patch.word];
                else Object.assign(s, patch);
            },
            { final: !("find" in patch), rebuild: false },
        );
    }

    // -- the other views ---------------------------------------------------------------------------------------------
    function view(name) {
        if (VIEWS[name] === null && NL[name]) {
            const place = $(`panel-${name}`);
            VIEWS[name] = NL[name].mount(place, (final = true) =>
                change((s) => (s[name] = VIEWS[name].state()), { final: final !== false, rebuild: false }),
            );
            VIEWS[name].restore(state[name]);
            VIEWS[name].shown?.(true);
        }
        return VIEWS[name];
    }

    // -- address, light and dark, keys -------------------------------------------------------------------------------
    function restore() {
        const { state: found, wrong } = NL.link.read(location.hash, NL.data.start);
        clearTimeout(pending);
        clearTimeout(settling);
        state = found;
        for (const it of state.items) it.bound = NL.bound(it);
        written = committed = location.hash;
        hoverAt = null;
        for (const name of Object.keys(VIEWS)) VIEWS[name]?.restore(state[name]);
        if (wrong.length) toast(wrong.join(" "));
        show(true);
    }

    function kept(name, value) {
        try {
            if (value !== undefined) localStorage.setItem(name, value);
            return localStorage.getItem(name);
        } catch {
            return null; // a browser that keeps nothing for files
        }
    }

    function dress(dark) {
        document.documentElement.dataset.theme = dark ? "dark" : "light";
        $("theme").setAttribute("aria-pressed", String(dark));
        if (state) show(true);
    }

    // the point that is read, moved by keys: told at once
    function readAt(x) {
        hoverAt = null;
        change((s) => (s.at = Number(x.toPrecision(4))), { final: false, rebuild: false });
        const told = state.items.map((it) => `${NL.label(it)} ${number(it.bound[0](state.at), 4)}`).join(", ");
        $("live").textContent = `x ${number(state.at)}: ${told}`;
    }

    function toggleCatalogue(open) {
        $("catalogue").classList.toggle("open", open);
        $("open-catalogue").setAttribute("aria-expanded", String($("catalogue").classList.contains("open")));
    }

    function listen() {
        for (const b of document.querySelectorAll(".order"))
            b.addEventListener("click", () => order(Number(b.dataset.order)));
        $("apart").addEventListener("click", apart);
        $("zoom-in").addEventListener("click", () => window_.zoom(1 / 1.4));
        $("zoom-out").addEventListener("click", () => window_.zoom(1.4));
        $("reset").addEventListener("click", window_.reset);
        $("at").addEventListener(
            "change",
            () =>
                Number.isFinite($("at").valueAsNumber) && change((s) => (s.at = $("at").valueAsNumber), { rebuild: false }),
        );
        $("table").addEventListener("toggle", () => $("table").open && NL.readings.table(state));
        $("typed").addEventListener("submit", (e) => (e.preventDefault(), draw($("formula").value)));
        $("formula").addEventListener(
            "input",
            () => ($("formula-error").replaceChildren(), $("formula").removeAttribute("aria-invalid")),
        );
        $("theme").addEventListener("click", () => {
            const dark = document.documentElement.dataset.theme !== "dark";
            kept("nonlin-theme", dark ? "dark" : "light");
            dress(dark);
        });
        $("open-help").addEventListener("click", () => $("help").showModal());
        $("open-catalogue").addEventListener("click", () => toggleCatalogue());
        $("skip").addEventListener("click", () => $("charts").focus());
        $("copy").addEventListener("click", async () => {
            try {
                await navigator.clipboard.writeText(location.href);
                toast("The link to this view is copied.");
            } catch {
                toast("Copying is not allowed here; the address bar holds the link.");
            }
        });
        for (const [n, name] of NL.link.TABS.entries()) {
            $(`tab-${name}`).addEventListener("click", () => tab(name));
            $(`tab-${name}`).addEventListener("keydown", (e) => {
                const way = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
                if (!way) return;
                const next = NL.link.TABS[(n + way + NL.link.TABS.length) % NL.link.TABS.length];
                tab(next);
                $(`tab-${next}`).focus();
            });
        }
        NL.keys.listen({ state: () => state, act, window: window_, order, apart, tab, readAt, toggleCatalogue });
        addEventListener("hashchange", () => location.hash !== written && restore());
        addEventListener("popstate", () => location.hash !== written && restore());
        new ResizeObserver(() => state && !waiting && (waiting = requestAnimationFrame(paint))).observe($("charts"));
        const system = matchMedia("(prefers-color-scheme: dark)");
        system.addEventListener("change", () => !kept("nonlin-theme") && dress(system.matches));
        dress(kept("nonlin-theme") ? kept("nonlin-theme") === "dark" : system.matches);
    }

    async function start() {
        try {
            await NL.load();
        } catch (error) {
            return ($("main").textContent =
                `This browser cannot unpack the page (${error.message}). Browsers of 2023 and later can.`);
        }
        document.documentElement.classList.add("ready");
        if (!NL.formula) $("typed").hidden = true;
        for (const name of Object.keys(VIEWS)) $(`tab-${name}`).hidden = !NL[name];
        list = NL.catalogue.mount({ changed: filter, toggle: act.toggle });
        drawing = NL.chart.chart($("charts"), window_);
        listen();
        restore();
        NL.app = { state: () => state, act, change, window: window_, drawing };
        document.documentElement.dataset.ready = "yes";
    }

    start();
})();
