// Settings from a table of rows: labelled lists and sliders, what differs from the defaults as a flat object for the link, and back.
"use strict";
(() => {
    const made = (tag, attributes = {}, ...children) => {
        const element = document.createElement(tag);
        for (const [name, value] of Object.entries(attributes)) {
            if (name in element && typeof value !== "string") element[name] = value;
            else element.setAttribute(name, value);
        }
        element.append(...children);
        return element;
    };
    let count = 0;

    // rows: {key, label, default, choices: {value: words}} or {key, label, default, low, high, step, words: (number) => text}
    // changed(final, key) is called after each change
    function controls(rows, changed, heading) {
        const box = made("fieldset", { class: "settings" }, made("legend", {}, heading)),
            parts = new Map();
        for (const row of rows) parts.set(row.key, row.choices ? list(row, changed) : slider(row, changed));
        for (const { label } of parts.values()) box.append(label);
        const values = () => Object.fromEntries([...parts].map(([key, part]) => [key, part.get()]));
        return {
            box,
            values,
            set: (key, value) => parts.get(key).set(value),
            state: () =>
                Object.fromEntries(
                    rows
                        .map((r) => [r.key, parts.get(r.key).get()])
                        .filter(([key, v]) => v !== rows.find((r) => r.key === key).default),
                ),
            restore: (state = {}) =>
                rows.forEach((r) => parts.get(r.key).set(Object.hasOwn(state, r.key) ? state[r.key] : r.default)),
        };
    }
    function list(row, changed) {
        const typed = typeof row.default === "number" ? Number : String;
        const select = made("select", { id: `setting-${row.key}-${++count}` });
        for (const [value, words] of row.choices) select.append(made("option", { value: String(value) }, words));
        select.value = String(row.default);
        select.addEventListener("change", () => changed(true, row.key));
        return {
            label: made("label", { class: row.wide ? "wide" : "" }, made("span", {}, row.label), select),
            get: () => typed(select.value),
            set: (value) => {
                select.value = row.choices.some(([v]) => String(v) === String(value)) ? String(value) : String(row.default);
            },
        };
    }
    function slider(row, changed) {
        const input = made("input", {
            type: "range",
            min: String(row.low),
            max: String(row.high),
            step: String(row.step),
            value: String(row.default),
        });
        const words = row.words ?? String,
            shown = made("span", { class: "value", "aria-hidden": "true" }, words(row.default)); // an <output> would take the label
        const tell = () => {
            shown.textContent = words(Number(input.value));
            input.setAttribute("aria-valuetext", shown.textContent);
        };
        input.addEventListener("input", () => (tell(), changed(false, row.key)));
        input.addEventListener("change", () => changed(true, row.key));
        tell();
        return {
            label: made("label", {}, made("span", {}, row.label, " ", shown), input),
            get: () => Number(input.value),
            set: (value) => {
                input.value = String(Number.isFinite(Number(value)) && value !== "" ? value : row.default);
                tell();
            },
        };
    }

    // -- lines over whole numbers, on a canvas ---------------------------------------------------------------------------------------
    const FALLBACK = {
        dark: false,
        ink: "#1d2430",
        soft: "#5b6472",
        rule: "#d8dce2",
        paper: "#fff",
        panel: "#fff",
        accent: "#1f6feb",
        colours: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#6a3d9a", "#7f7f7f"],
    };
    const themed = (theme) => ({ ...FALLBACK, ...theme });
    const power = (e) => (e === 0 ? "1" : e === 1 ? "10" : `10${globalThis.NL.measure.raised(e)}`);
    function steps(low, high, most) {
        const rough = (high - low) / most || 1,
            size = 10 ** Math.floor(Math.log10(rough));
        const step = [1, 2, 5, 10].map((m) => m * size).find((s) => s >= rough);
        const made = [];
        for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + 1e-9 * step; v += step)
            made.push(Number(v.toPrecision(12)));
        return made;
    }
    // series: [{colour, dash, ys, from: x of the first, marks: whether points instead of a line}]
    function lines(canvas, { series, theme, log = false, across, up, low = null, high = null, end }) {
        const { ink, soft, rule } = themed(theme),
            width = canvas.clientWidth || 320,
            height = canvas.clientHeight || 200;
        const ratio = globalThis.devicePixelRatio || 1,
            pen = canvas.getContext("2d");
        if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
            canvas.width = Math.round(width * ratio);
            canvas.height = Math.round(height * ratio);
        }
        pen.setTransform(ratio, 0, 0, ratio, 0, 0);
        pen.clearRect(0, 0, width, height);
        pen.font = "12px system-ui, sans-serif";
        const scaled = (y) => (log ? (y > 0 ? Math.log10(Math.max(y, 1e-300)) : NaN) : y);
        const seen = series.flatMap((s) => Array.from(s.ys, scaled)).filter(Number.isFinite);
        let [bottom, top] = [low ?? Math.min(...seen), high ?? Math.max(...seen)];
        if (!Number.isFinite(bottom + top)) [bottom, top] = log ? [-1, 1] : [0, 1];
        if (log) [bottom, top] = [Math.floor(bottom + 1e-9), Math.ceil(top - 1e-9)];
        if (top - bottom < 1e-9) [bottom, top] = [bottom - 1, top + 1];
        const box = { left: 52, right: width - 10, top: up ? 30 : 14, bottom: height - 34 };
        const px = (x) => box.left + ((box.right - box.left) * x) / Math.max(end, 1);
        const py = (y) => box.bottom - ((box.bottom - box.top) * (y - bottom)) / (top - bottom);
        pen.lineWidth = 1;
        pen.strokeStyle = rule;
        pen.fillStyle = soft;
        pen.textBaseline = "middle";
        pen.textAlign = "right";
        for (const tick of steps(bottom, top, Math.max(2, Math.floor(height / 45))).filter(
            (t) => !log || Number.isInteger(t),
        )) {
            pen.beginPath();
            pen.moveTo(box.left, Math.round(py(tick)) + 0.5);
            pen.lineTo(box.right, Math.round(py(tick)) + 0.5);
            pen.stroke();
            pen.fillText(log ? power(tick) : String(tick), box.left - 6, py(tick));
        }
        pen.textBaseline = "top";
        pen.textAlign = "center";
        for (const tick of steps(0, end, Math.max(2, Math.floor(width / 90))).filter(Number.isInteger))
            pen.fillText(String(tick), px(tick), box.bottom + 6);
        pen.textAlign = "right";
        pen.fillText(across, box.right, box.bottom + 20);
        pen.textAlign = "left";
        pen.fillStyle = ink;
        pen.fillText(up, 4, 3);
        pen.save();
        pen.beginPath();
        pen.rect(box.left - 3, box.top - 3, box.right - box.left + 6, box.bottom - box.top + 6);
        pen.clip();
        for (const { colour, dash = [], ys, from = 0, marks = false } of series) {
            pen.strokeStyle = pen.fillStyle = colour;
            pen.lineWidth = 2;
            pen.setLineDash(dash);
            const every = marks ? Math.max(1, Math.round(ys.length / 25)) : 1;
            let drawing = false;
            pen.beginPath();
            for (let k = 0; k < ys.length; k++) {
                const y = scaled(ys[k]);
                if (!Number.isFinite(y)) {
                    drawing = false;
                    continue;
                }
                if (marks) {
                    if (k % every) continue;
                    pen.moveTo(px(k + from) + 2.5, py(y));
                    pen.arc(px(k + from), py(y), 2.5, 0, 7);
                } else if (drawing) pen.lineTo(px(k + from), py(y));
                else pen.moveTo(px(k + from), py(y));
                drawing = true;
            }
            if (marks) pen.setLineDash([]);
            pen.stroke();
        }
        pen.restore();
    }
    // what tells whether functions have changed, since they come as new objects each time
    const fingerprint = (functions) =>
        JSON.stringify(
            functions.map((f) => [
                f.name,
                f.label,
                ...[-3, -1.1, -0.2, 0.3, 0.9, 2.5].flatMap((x) => [f.value(x), f.first(x)]),
            ]),
        );
    globalThis.NL.page = { controls, fingerprint, lines, made, themed };
})();
