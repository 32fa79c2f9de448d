// A typed formula made into functions of numbers: its value and its derivatives by a straight-line program over its parts.
"use strict";
(() => {
    const NL = globalThis.NL,
        { rules, tree } = NL;
    const { variables, walk, wording } = tree;
    const FREE = { default: 1, low: -5, high: 5 }; // a name that is not x is a parameter; a formula tells nothing of its range

    // the root as a function (x, array of parameters) => number; every shared part is computed once, constants beforehand
    function program(root, names) {
        const nodes = walk(root),
            place = new Map(),
            steps = [],
            held = [];
        const moving = new Map(),
            values = [];
        for (const node of nodes) {
            place.set(node, place.size);
            if (node.op === "const") values.push(tree.float(node.payload));
            else if (node.op === "var") {
                values.push(0);
                held.push([place.get(node), names.indexOf(node.payload)]);
                moving.set(node, true);
                continue;
            } else {
                const at = node.args.map((a) => place.get(a)),
                    run = rules.ops[node.op];
                const still = !node.args.some((a) => moving.get(a));
                values.push(still ? Number(run(...at.map((k) => values[k]))) : 0);
                if (!still) steps.push([place.get(node), run, ...at]);
                moving.set(node, !still);
                continue;
            }
            moving.set(node, false);
        }
        const registers = Float64Array.from(values),
            count = steps.length,
            end = place.get(root);
        const into = Int32Array.from(steps, (s) => s[0]),
            runs = steps.map((s) => s[1]);
        const [first, second, third] = [2, 3, 4].map((k) => Int32Array.from(steps, (s) => s[k] ?? 0));
        const [slots, inputs] = [0, 1].map((k) => Int32Array.from(held, (h) => h[k]));
        const run = (x, p) => {
            for (let i = 0; i < slots.length; i++) registers[slots[i]] = inputs[i] ? p[inputs[i] - 1] : x;
            for (let i = 0; i < count; i++)
                registers[into[i]] = runs[i](registers[first[i]], registers[second[i]], registers[third[i]]);
            return registers[end];
        };
        return (x, p = []) => {
            const y = run(x, p);
            return Number.isNaN(y) && Number.isFinite(x) && registers.some((r) => Math.abs(r) === Infinity)
                ? settled(run, x, p)
                : y;
        };
    }
    // where parts of a formula overflow, as in exp(x)*sech2(exp(x)), what it has settled at before they do; NaN if it has not
    function settled(run, x, p) {
        let [good, bad] = [0, x];
        for (let turn = 0; turn < 60; turn++) {
            const middle = (good + bad) / 2;
            if (Number.isNaN(run(middle, p))) bad = middle;
            else good = middle;
        }
        const [near, before] = [run(good, p), run(good * 0.98, p)];
        return Math.abs(near - before) <= 1e-9 * (1e-3 + Math.abs(near)) ? near : NaN;
    }

    // {text, value(x, p), first(x, p), second(x, p), parameters, mathml, derivativeMathml, facts, switches(p, low, high)}
    function compile(text) {
        const textbook = NL.parse(text),
            free = variables(textbook).filter((n) => n !== "x");
        if (!variables(textbook).includes("x")) {
            throw new NL.parse.FormulaError(
                "the formula does not contain x, so it is a constant, not an activation function",
            );
        }
        const stable = NL.rewrite.stabilise(textbook),
            slope = NL.rewrite.derivative(stable);
        const parameters = free.map((name) => ({ name, ...FREE }));
        const names = ["x", ...free],
            usual = parameters.map((p) => p.default);
        const orders = [stable, slope, NL.rewrite.derivative(slope)].map((root) => {
            const run = program(NL.rewrite.evaluable(root), names);
            return (x, p = usual) => run(x, p);
        });
        const [value, first, second] = orders;
        const compared = NL.rewrite.comparisons(stable).map((root) => program(NL.rewrite.evaluable(root), names));
        const stepped = walk(stable)
            .filter((n) => rules.steps.includes(n.op))
            .map((n) => program(NL.rewrite.evaluable(n), names));
        const made = {
            text: text.trim(),
            stableText: wording(stable),
            derivativeText: wording(slope),
            value,
            first,
            second,
            parameters,
            mathml: NL.mathml(textbook),
            derivativeMathml: NL.mathml(slope),
            // the points of (low, high) where the formula changes branches
            switches: (p = usual, low = -50, high = 50) =>
                NL.measure.changes(
                    [...compared.map((c) => (x) => Math.sign(c(x, p))), ...stepped.map((c) => (x) => c(x, p))],
                    low,
                    high,
                ),
        };
        made.factsOf = (p = usual) =>
            NL.measure.facts({ value: (x) => value(x, p), first: (x) => first(x, p) }, made.switches(p));
        let known = null;
        Object.defineProperty(made, "facts", { enumerable: true, get: () => (known ??= made.factsOf()) });
        return made;
    }
    NL.formula = {
        compile,
        mathml: (text) => NL.mathml(NL.parse(text)),
        derivativeMathml: (text) => NL.mathml(NL.rewrite.derivative(NL.rewrite.stabilise(NL.parse(text)))),
        derivativeText: (text, order = 1) =>
            wording(NL.rewrite.derivative(NL.rewrite.stabilise(NL.parse(text)), "x", order)),
        stableText: (text) => wording(NL.rewrite.stabilise(NL.parse(text))),
    };
})();
