// The drawing: samples, jumps left open, the scale of y, uPlot panels, moving and zooming, and the readings.
"use strict";
(() => {
    const NL = (globalThis.NL ??= {});
    const MARKS = ["", "′", "″"];
    const ORDER_DASHES = [[], [9, 5], [2, 4]];
    const DOTS_EVERY = 2;
    const MOST_NAMES = 7;

    // -- samples -----------------------------------------------------------------------------------------------------
    function places(low, high, count) {
        const step = (high - low) / (count - 1);
        return Float64Array.from({ length: count }, (_, i) => (i === count - 1 ? high : low + i * step));
    }

    // Values at xs; where the function jumps or is undefined there is a gap (null), so that no line is drawn across.
    function sample(f, xs) {
        const ys = Array.from(xs, (x) => {
            const y = f(x);
            return Number.isFinite(y) ? y : null;
        });
        for (let i = 1; i + 2 < xs.length; i++) {
            const [a, b, c, d] = [ys[i - 1], ys[i], ys[i + 1], ys[i + 2]];
            if (a === null || b === null || c === null || d === null) continue;
            const step = Math.abs(c - b),
                calm = Math.max(Math.abs(b - a), Math.abs(d - c));
            if (step > 1e-9 && step > 4 * calm && jumps(f, xs[i], xs[i + 1], step)) ys[i + 1] = null;
        }
        return ys;
    }

    // Whether most of a step is still there when the interval has been halved until numbers end.
    function jumps(f, low, high, step) {
        let [l, h] = [low, high],
            [fl, fh] = [f(l), f(h)];
        for (let n = 0; n < 40; n++) {
            const m = (l + h) / 2,
                fm = f(m);
            if (!(m > l && m < h) || !Number.isFinite(fm)) break;
            if (Math.abs(fm - fl) > Math.abs(fh - fm)) [h, fh] = [m, fm];
            else [l, fl] = [m, fm];
        }
        return Math.abs(fh - fl) > step / 2;
    }

    // What y shows: everything, but no more than the width of x on either side of the middle, so that growth does not flatten the rest.
    function fitted(columns, width) {
        const all = columns
            .flat()
            .filter((v) => v !== null)
            .sort((a, b) => a - b);
        if (!all.length) return [-1, 1];
        const middle = Math.min(Math.max(0, all[0]), all[all.length - 1]);
        let low = Math.max(all[0], middle - width),
            high = Math.min(all[all.length - 1], middle + width);
        if (high - low < 1e-12 * Math.max(1, Math.abs(high))) [low, high] = [low - 1, high + 1];
        const margin = 0.06 * (high - low);
        return [low - margin, high + margin];
    }

    // -- panels ------------------------------------------------------------------------------------------------------
    function chart(place, callbacks) {
        let panels = [],
            signature = "",
            lines = [],
            view = null;

        // view: {items, orders, apart, x, y, theme}
        function draw(next) {
            view = next;
            const shown = [0, 1, 2].filter((n) => view.orders[n]);
            const groups = view.apart ? shown.map((n) => [n]) : [shown];
            const width = Math.max(220, place.clientWidth),
                height = heightOf(width, groups.length);
            const xs = places(view.x[0], view.x[1], Math.min(1201, Math.max(301, Math.round(width) + 1)));
            const wanted = JSON.stringify([
                groups,
                view.items.map((i) => [i.name, i.curve, i.slot]),
                width,
                view.theme.dark,
            ]);
            lines = groups.map((orders) =>
                orders.flatMap((order) => view.items.map((it) => line(it, order, xs))).concat(dots(orders, xs)),
            );
            const ranges = lines.map((group) =>
                view.y && !view.apart
                    ? view.y
                    : fitted(
                          group.map((l) => l.y),
                          view.x[1] - view.x[0],
                      ),
            );
            if (wanted !== signature) {
                for (const p of panels) p.plot.destroy();
                panels = groups.map((orders, n) => panel(place, n, orders, lines, width, height));
                signature = wanted;
            }
            panels.forEach((p, n) => {
                p.range = ranges[n];
                p.plot.setData([xs, ...lines[n].map((l) => l.y)], true);
            });
        }

        const heightOf = (width, count) =>
            count > 1 ? Math.min(240, Math.max(150, 0.36 * width)) : Math.min(470, Math.max(260, 0.56 * width));

        function line(it, order, xs) {
            const f = it.bound[order],
                colour = view.theme.colours[it.slot];
            return {
                it,
                order,
                f,
                colour,
                y: sample(f, xs),
                dash: view.apart ? view.theme.dashes[it.slot % 4] : ORDER_DASHES[order],
            };
        }

        function dots(orders, xs) {
            if (!orders.includes(0)) return [];
            return view.items.flatMap((it) => {
                const f = NL.noisy(it);
                if (!f) return [];
                const y = Array.from(xs, (x, i) => (i % DOTS_EVERY ? null : ((v) => (Number.isFinite(v) ? v : null))(f(x))));
                return [{ it, order: 0, dots: true, colour: view.theme.colours[it.slot], y, dash: [] }];
            });
        }

        function panel(parent, n, orders, groups, width, height) {
            const t = view.theme,
                made = { range: [-1, 1], orders };
            const axis = {
                stroke: t.soft,
                grid: { stroke: t.rule, width: 1 },
                ticks: { stroke: t.rule, width: 1, size: 4 },
                font: "12px system-ui, sans-serif",
            };
            const series = groups[n].map((l) =>
                l.dots
                    ? {
                          stroke: "transparent",
                          paths: () => null,
                          points: { show: true, size: 3, width: 0, fill: `${l.colour}77`, stroke: "transparent" },
                      }
                    : { stroke: l.colour, width: 2.25, dash: l.dash, points: { show: false }, paths: path },
            );
            made.plot = new uPlot(
                {
                    width,
                    height,
                    legend: { show: false },
                    padding: [12, 12, 0, 0],
                    scales: { x: { time: false, range: () => view.x }, y: { range: () => made.range } },
                    axes: [
                        { ...axis, size: 30, values: (u, v) => v.map((w) => NL.number(w, 4)) },
                        { ...axis, size: 52, values: (u, v) => v.map((w) => NL.number(w, 4)) },
                    ],
                    series: [{}, ...series],
                    cursor: {
                        drag: { x: false, y: false, setScale: false },
                        sync: { key: "nl" },
                        points: { size: 7, show: true },
                        y: false,
                        dataIdx: (u, s, i) => i,
                    },
                    hooks: { drawAxes: [axes], draw: [(u) => names(u, n)], setCursor: [(u) => hovered(u)] },
                },
                [[], ...series.map(() => [])],
                parent,
            );
            if (view.apart)
                made.plot.root.prepend(
                    NL.el(
                        "p",
                        { class: "order-name" },
                        ["f, the value", "f′, the first derivative", "f″, the second derivative"][orders[0]],
                    ),
                );
            moves(made.plot);
            return made;
        }

        // one piece for each stretch without a gap; nothing is rounded to pixels, so that curves are smooth
        function path(u, n, first, last) {
            const stroke = new Path2D(),
                xs = u.data[0],
                ys = u.data[n],
                far = 4 * u.bbox.height;
            let pen = false;
            for (let i = first; i <= last; i++) {
                if (ys[i] === null) {
                    pen = false;
                    continue;
                }
                const y = Math.min(Math.max(u.valToPos(ys[i], "y", true), u.bbox.top - far), u.bbox.top + far);
                if (pen) stroke.lineTo(u.valToPos(xs[i], "x", true), y);
                else stroke.moveTo(u.valToPos(xs[i], "x", true), y);
                pen = true;
            }
            return { stroke, fill: null, clip: null, band: null, gaps: null, flags: 1 };
        }

        // the lines x = 0 and y = 0
        function axes(u) {
            const { ctx, bbox } = u,
                ratio = devicePixelRatio;
            ctx.save();
            ctx.strokeStyle = view.theme.soft;
            ctx.lineWidth = ratio;
            for (const [scale, low, size, across] of [
                ["x", bbox.left, bbox.width, false],
                ["y", bbox.top, bbox.height, true],
            ]) {
                const at = Math.round(u.valToPos(0, scale, true)) + 0.5;
                if (at < low || at > low + size) continue;
                ctx.beginPath();
                if (across) (ctx.moveTo(bbox.left, at), ctx.lineTo(bbox.left + bbox.width, at));
                else (ctx.moveTo(at, bbox.top), ctx.lineTo(at, bbox.top + bbox.height));
                ctx.stroke();
            }
            ctx.restore();
        }

        // each line's name at its right end, moved apart where two would stand on each other
        function names(u, n) {
            const { ctx, bbox } = u,
                ratio = devicePixelRatio,
                size = 12.5 * ratio,
                t = view.theme;
            const told = [];
            const few = (lines[n] ?? []).filter((l) => !l.dots).length <= MOST_NAMES,
                first = lines[n]?.[0]?.order;
            for (const l of lines[n] ?? []) {
                if (l.dots || !(few || l.order === first)) continue; // colour and dashes tell the others
                const last = endOf(u, l.y);
                if (last === null) continue;
                told.push({
                    text: l.it.label + MARKS[view.apart ? 0 : l.order],
                    colour: l.colour,
                    y: last.y - size * 0.75,
                    x: last.x,
                });
            }
            told.sort((a, b) => a.y - b.y);
            const top = bbox.top + size * 0.7,
                bottom = bbox.top + bbox.height - size * 0.7,
                gap = size * 1.15;
            told.forEach((l, i) => (l.y = Math.max(l.y, i ? told[i - 1].y + gap : top)));
            for (let i = told.length - 1; i >= 0; i--)
                told[i].y = Math.min(told[i].y, i < told.length - 1 ? told[i + 1].y - gap : bottom);
            ctx.save();
            ctx.font = `600 ${size}px system-ui, sans-serif`;
            ctx.textAlign = "right";
            ctx.textBaseline = "middle";
            ctx.lineJoin = "round";
            ctx.lineWidth = 4 * ratio;
            ctx.strokeStyle = t.paper;
            for (const l of told) {
                ctx.strokeText(l.text, l.x, l.y);
                ctx.fillStyle = l.colour;
                ctx.fillText(l.text, l.x, l.y);
            }
            ctx.restore();
        }

        // the last point of a line that is inside the frame
        function endOf(u, ys) {
            const { bbox } = u,
                xs = u.data[0];
            for (let i = ys.length - 1; i >= 0; i -= 2) {
                if (ys[i] === null) continue;
                const y = u.valToPos(ys[i], "y", true);
                if (y >= bbox.top - 2 && y <= bbox.top + bbox.height + 2) {
                    const x = Math.min(u.valToPos(xs[i], "x", true), bbox.left + bbox.width - 6 * devicePixelRatio);
                    return { x: Math.max(x, bbox.left + 90 * devicePixelRatio), y };
                }
            }
            return null;
        }

        function hovered(u) {
            if (u.cursor.left >= 0 && u.cursor.event) callbacks.hover(u.posToVal(u.cursor.left, "x"));
            else if (u.cursor.event) callbacks.hover(null);
        }

        // -- moving and zooming --------------------------------------------------------------------------------------
        function moves(u) {
            let from = null;
            const over = u.over;
            over.addEventListener("pointerdown", (e) => {
                if (e.button) return;
                from = {
                    x: e.clientX,
                    y: e.clientY,
                    view: [...view.x],
                    range: [u.scales.y.min, u.scales.y.max],
                    moved: false,
                };
                over.setPointerCapture(e.pointerId);
                place.focus({ preventScroll: true });
            });
            over.addEventListener("pointermove", (e) => {
                if (!from) return;
                const dx = e.clientX - from.x,
                    dy = e.clientY - from.y;
                if (!from.moved && Math.hypot(dx, dy) < 4) return;
                from.moved = true;
                over.classList.add("dragging");
                const sx = ((from.view[1] - from.view[0]) / over.clientWidth) * dx,
                    sy = ((from.range[1] - from.range[0]) / over.clientHeight) * dy;
                from.up ||= Math.abs(dy) > 16 && e.pointerType !== "touch" && !view.apart;
                callbacks.move(
                    [from.view[0] - sx, from.view[1] - sx],
                    from.up ? [from.range[0] + sy, from.range[1] + sy] : undefined,
                    false,
                );
            });
            const end = (e) => {
                if (from && from.moved) callbacks.move(view.x, undefined, true);
                else if (from && e.type === "pointerup")
                    callbacks.pick(u.posToVal(e.clientX - over.getBoundingClientRect().left, "x"));
                from = null;
                over.classList.remove("dragging");
            };
            over.addEventListener("pointerup", end);
            over.addEventListener("pointercancel", end);
            over.addEventListener("dblclick", () => callbacks.reset());
            over.addEventListener(
                "wheel",
                (e) => {
                    if (!(e.ctrlKey || place.contains(document.activeElement))) return; // else the page could not be scrolled past
                    e.preventDefault();
                    const at = u.posToVal(e.clientX - over.getBoundingClientRect().left, "x");
                    callbacks.zoom(Math.exp(Math.sign(e.deltaY) * 0.15), at, false);
                },
                { passive: false },
            );
        }

        const ranges = () => panels.map((p) => [p.plot.scales.y.min, p.plot.scales.y.max]);
        return { draw, lines: () => lines, ranges, panels: () => panels };
    }

    NL.chart = { chart, sample, places, fitted, MARKS, ORDER_DASHES };
})();
