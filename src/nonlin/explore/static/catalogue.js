// Search, filters and the list of functions: a listbox of which several can be chosen, each with a picture of its curve.
"use strict";
(() => {
    const NL = (globalThis.NL ??= {});
    const PICTURE = { width: 46, height: 26, low: -3, high: 3, points: 47 };

    const folded = (text) =>
        text
            .toLowerCase()
            .normalize("NFKD")
            .replace(/[^\p{L}\p{N}]+/gu, "");

    // How well an entry answers a word: smaller is better, -1 for not at all.
    function rank(entry, word) {
        const tests = [
            () => entry.folded.name === word,
            () => entry.folded.aliases.includes(word),
            () => entry.folded.name.startsWith(word),
            () => entry.folded.aliases.some((a) => a.startsWith(word)),
            () => entry.folded.name.includes(word),
            () => entry.folded.aliases.some((a) => a.includes(word)),
            () => entry.folded.peers.includes(word),
            () => entry.folded.words.includes(word),
            () => entry.folded.text.includes(word),
        ];
        return tests.findIndex((holds) => holds());
    }

    function prepared(entry) {
        entry.folded = {
            name: folded(entry.name),
            aliases: [...entry.aliases, ...entry.shared, entry.title].map(folded),
            peers: folded(entry.peers.map((p) => p[1]).join(" ")),
            words: folded([entry.family, entry.kind, ...entry.labels, ...entry.words].join(" ")),
            text: folded(`${entry.summary} ${entry.cite}`),
        };
        return entry;
    }

    // The entries that answer every word of a search and the filters, the best first.
    function search(state) {
        const words = state.find.split(/\s+/).map(folded).filter(Boolean);
        const found = [];
        for (const entry of NL.data.functions) {
            if (!entry.folded) prepared(entry);
            if (state.family && entry.family !== state.family) continue;
            if (state.kind && entry.kind !== state.kind) continue;
            if (!state.words.every((w) => entry.words.includes(w) || entry.labels.includes(w))) continue;
            const ranks = words.map((w) => rank(entry, w));
            if (ranks.some((r) => r < 0)) continue;
            found.push([Math.max(0, ...ranks), entry]);
        }
        return found.sort((a, b) => a[0] - b[0] || (a[1].name < b[1].name ? -1 : 1)).map((f) => f[1]);
    }

    function picture(entry) {
        const { width, height, low, high, points } = PICTURE;
        const it = NL.item(entry.name, 0),
            xs = NL.chart.places(low, high, points),
            ys = NL.chart.sample(NL.bound(it)[0], xs);
        const [bottom, top] = NL.chart.fitted([ys], high - low);
        const X = (x) => (((x - low) / (high - low)) * (width - 2) + 1).toFixed(1),
            Y = (y) => (((top - y) / (top - bottom)) * (height - 2) + 1).toFixed(1);
        let path = "",
            pen = "M";
        ys.forEach((y, i) => {
            if (y === null || y > top + 1 || y < bottom - 1) return (pen = "M");
            path += `${pen}${X(xs[i])} ${Y(y)}`;
            pen = "L";
        });
        const axes = `M0 ${Y(Math.min(Math.max(0, bottom), top))}H${width}M${width / 2} 0V${height}`;
        return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true"><path class="zero" d="${axes}"/><path class="curve" d="${path}"/></svg>`;
    }

    // callbacks: changed(state patch), toggle(name), full()
    function mount(callbacks) {
        const $ = (id) => document.getElementById(id),
            list = $("list"),
            input = $("search");
        const options = new Map();
        let shown = [],
            active = -1,
            typedAhead = "",
            typedAt = 0;

        const watcher = new IntersectionObserver(
            (seen) => {
                for (const { isIntersecting, target } of seen) {
                    if (!isIntersecting) continue;
                    target.firstChild.innerHTML = picture(NL.entries.get(target.dataset.name));
                    watcher.unobserve(target);
                }
            },
            { root: null, rootMargin: "200px" },
        );

        for (const entry of NL.data.functions) {
            const made = NL.el(
                "li",
                { role: "option", id: `o-${entry.name}`, data: { name: entry.name }, "aria-selected": "false" },
                NL.el("span", { class: "pic" }),
                NL.el(
                    "span",
                    { class: "who" },
                    NL.el("b", {}, ...NL.breaking(entry.name)),
                    NL.el("small", {}, entry.family),
                ),
            );
            options.set(entry.name, made);
            watcher.observe(made);
        }

        const count = (key) =>
            Object.entries(NL.data.functions.reduce((n, e) => ((n[e[key]] = (n[e[key]] ?? 0) + 1), n), {})).sort();
        for (const [id, all] of [
            ["family", "all families"],
            ["kind", "all kinds"],
        ])
            $(id).append(
                NL.el("option", { value: "" }, all),
                ...count(id).map(([v, n]) => NL.el("option", { value: v }, `${v} (${n})`)),
            );
        const learned = { learnable: "has parameters that training changes", stochastic: "random in training" };
        for (const [word, says] of Object.entries({ ...(NL.data.hasFacts ? NL.data.properties : {}), ...learned }))
            $("words").append(
                NL.el(
                    "button",
                    { type: "button", class: "word", "aria-pressed": "false", title: says, data: { word } },
                    word,
                ),
            );

        function render(state, chosen) {
            const wanted = search(state);
            if (wanted.length !== shown.length || wanted.some((e, i) => e !== shown[i])) {
                const held = shown[active]?.name;
                list.replaceChildren(...wanted.map((e) => options.get(e.name)));
                shown = wanted;
                const still = wanted.findIndex((e) => e.name === held);
                activate(state.find ? (wanted.length ? 0 : -1) : still, false);
            }
            const words = state.find.split(/\s+/).map(folded).filter(Boolean);
            for (const e of wanted) {
                const alias =
                    words.length === 1 &&
                    !e.folded.name.includes(words[0]) &&
                    [...e.aliases, ...e.shared].find((a) => folded(a).includes(words[0]));
                const told = alias ? `also ${alias}` : e.family,
                    place = options.get(e.name).querySelector("small");
                if (place.textContent !== told) place.textContent = told;
            }
            for (const [name, made] of options) made.setAttribute("aria-selected", String(chosen.includes(name)));
            const all = NL.data.functions.length;
            const told =
                wanted.length === all
                    ? `${all} functions`
                    : wanted.length
                      ? `${wanted.length} of ${all} functions`
                      : "No function answers this. Try fewer words, or clear the filter.";
            if ($("found").textContent !== told) $("found").textContent = told;
            if (input.value !== state.find) input.value = state.find;
            $("family").value = state.family;
            $("kind").value = state.kind;
            for (const b of document.querySelectorAll(".word"))
                b.setAttribute("aria-pressed", String(state.words.includes(b.dataset.word)));
            const used = Number(Boolean(state.family)) + Number(Boolean(state.kind)) + state.words.length;
            $("filter-count").textContent = used ? ` (${used} in use)` : "";
            $("clear").hidden = !used;
        }

        function activate(n, scroll = true) {
            list.querySelector(".active")?.classList.remove("active");
            active = n;
            const made = n >= 0 && options.get(shown[n]?.name);
            if (!made) return list.removeAttribute("aria-activedescendant");
            made.classList.add("active");
            list.setAttribute("aria-activedescendant", made.id);
            if (scroll) made.scrollIntoView({ block: "nearest" });
        }

        list.addEventListener("click", (e) => {
            const made = e.target.closest("[role=option]");
            if (!made) return;
            activate(
                shown.findIndex((x) => x.name === made.dataset.name),
                false,
            );
            callbacks.toggle(made.dataset.name);
        });
        list.addEventListener("focus", () => active < 0 && shown.length && activate(0));
        list.addEventListener("keydown", (e) => {
            const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -1e9, End: 1e9 };
            if (e.ctrlKey || e.metaKey || e.altKey) return;
            if (e.key in moves) {
                if (e.key === "ArrowUp" && active <= 0) input.focus();
                activate(Math.min(Math.max(active + moves[e.key], 0), shown.length - 1));
            } else if (e.key === "Enter" || (e.key === " " && !typedAhead)) {
                if (active >= 0) callbacks.toggle(shown[active].name);
            } else if (e.key.length === 1 && /[\p{L}\p{N}_]/u.test(e.key)) {
                typedAhead = (Date.now() - typedAt < 700 ? typedAhead : "") + e.key.toLowerCase();
                typedAt = Date.now();
                const n = shown.findIndex((x) => x.name.startsWith(typedAhead));
                if (n >= 0) activate(n);
            } else return;
            if (e.key === " " || e.key === "Enter" || e.key in moves) typedAhead = "";
            e.preventDefault();
            e.stopPropagation(); // a letter here finds a function; elsewhere it is a shortcut
        });
        input.addEventListener("input", () => callbacks.changed({ find: input.value }));
        input.addEventListener("keydown", (e) => {
            if (e.key === "ArrowDown") list.focus();
            else if (e.key === "Enter" && shown.length) callbacks.toggle(shown[Math.max(active, 0)].name);
            else return;
            e.preventDefault();
        });
        for (const id of ["family", "kind"])
            $(id).addEventListener("change", () => callbacks.changed({ [id]: $(id).value }));
        $("words").addEventListener("click", (e) => {
            const word = e.target.dataset.word;
            if (word) callbacks.changed({ word });
        });
        $("clear").addEventListener("click", () => {
            callbacks.changed({ family: "", kind: "", words: [] });
            $("family").focus();
        });
        return { render, shown: () => shown.map((e) => e.name) };
    }

    NL.catalogue = { mount, search, picture };
})();
