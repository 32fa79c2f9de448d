// Formulas as trees: immutable, hash-consed, simplified as they are built; a twin of nonlin/expr/nodes.py that reads its facts
// about the operations (which are odd, even, known at 0 or 1) from the tables Python exports. Numbers are exact fractions.
"use strict";
(() => {
    const NL = (globalThis.NL ??= {});
    const { rules } = NL;

    const { Fraction, absolute, below, exact, float, fraction, minus, over, plus, raised, size, times } = NL.fractions;
    const F1 = fraction(1);

    // -- nodes ---------------------------------------------------------------------------------------------------------
    const live = new Map(),
        forgotten = new FinalizationRegistry((key) => live.get(key)?.deref() ?? live.delete(key));
    let count = 0;
    function make(op, args = [], payload = null) {
        const key = `${op} ${payload ?? ""} ${args.map((a) => a.id).join(",")}`;
        let node = live.get(key)?.deref();
        if (!node) {
            node = Object.freeze({ op, args, payload, id: ++count });
            live.set(key, new WeakRef(node));
            forgotten.register(node, key);
        }
        return node;
    }
    const constant = (value) => make("const", [], value instanceof Fraction ? value : fraction(value));
    const variable = (name) => make("var", [], name);
    const wrap = (value) => (typeof value === "object" && "op" in value ? value : constant(value));
    const number = (node) => (node.op === "const" ? node.payload : null);
    const ZERO = constant(0),
        ONE = constant(1);

    // -- sums: coefficient * term, like terms collected ------------------------------------------------------------------
    const gather = (into, key, value) => into.set(key, into.has(key) ? plus(into.get(key), value) : value);
    function split(node) {
        const value = number(node);
        if (value) return [value, ONE];
        if (node.op === "neg") {
            const [c, term] = split(node.args[0]);
            return [minus(c), term];
        }
        if (node.op === "mul" && number(node.args[0])) return [number(node.args[0]), node.args[1]];
        if (node.op === "div") {
            const under = number(node.args[1]),
                [c, term] = split(node.args[0]);
            if (under) return [over(c, under), term];
            if (!c.is(1)) return [c, div(term, node.args[1])];
        }
        return [F1, node];
    }
    function collect(node, scale, into) {
        if (node.op === "add" || node.op === "sub") {
            collect(node.args[0], scale, into);
            collect(node.args[1], node.op === "add" ? scale : minus(scale), into);
        } else {
            const [c, term] = split(node);
            gather(into, term, times(scale, c));
        }
    }
    function scaled(c, term) {
        if (term === ONE) return constant(c);
        if (c.is(1)) return term;
        if (c.is(-1)) return make("neg", [term]);
        if (size(c.n) === 1n) return make("div", [c.n > 0n ? term : make("neg", [term]), constant(c.d)]);
        return make("mul", [constant(c), term]);
    }
    const bag = (parts) =>
        [...parts]
            .map(([b, e]) => `${b.id}^${e}`)
            .sort()
            .join(" ");
    function merged(parts) {
        const made = new Map(),
            seen = new Map(),
            product = (t) => t.op === "mul" || t.op === "div";
        const several = [...parts.keys()].filter(product).length > 1;
        for (let [term, scale] of parts) {
            if (several && product(term)) {
                const [c, bases] = factors(term),
                    key = bag(bases);
                if (c.is(1)) {
                    if (!seen.has(key)) seen.set(key, term);
                    term = seen.get(key);
                }
            }
            gather(made, term, scale);
        }
        return made;
    }
    function opened(parts) {
        const made = merged(parts);
        for (const [term, scale] of [...made]) {
            if ((term.op === "add" || term.op === "sub") && scale.sign && made.has(term)) {
                const inside = new Map();
                collect(term, scale, inside);
                if ([...inside.keys()].some((t) => made.get(t)?.sign)) {
                    made.delete(term);
                    for (const [t, c] of inside) gather(made, t, c);
                }
            }
        }
        return made;
    }
    function total(parts) {
        const kept = [...opened(parts)].filter(([, c]) => c.sign);
        const ordered = [...kept.filter(([, c]) => c.sign > 0), ...kept.filter(([, c]) => c.sign < 0)];
        let sum = null;
        for (const [term, c] of ordered) {
            if (!sum) sum = scaled(c, term);
            else sum = c.sign < 0 ? make("sub", [sum, scaled(minus(c), term)]) : make("add", [sum, scaled(c, term)]);
        }
        return sum ?? ZERO;
    }
    function sum(a, b, sign) {
        const parts = new Map();
        collect(wrap(a), F1, parts);
        collect(wrap(b), fraction(sign), parts);
        return total(parts);
    }
    const add = (a, b) => sum(a, b, 1),
        sub = (a, b) => sum(a, b, -1);

    // -- products: base ** whole number, powers collected -----------------------------------------------------------------
    function spread(node, sign, into) {
        const value = number(node);
        if (value) return sign > 0 ? value : over(F1, value);
        if (node.op === "neg") return minus(spread(node.args[0], sign, into));
        if (node.op === "mul") return times(spread(node.args[0], sign, into), spread(node.args[1], sign, into));
        if (node.op === "div" && !number(node.args[1])?.is(0)) {
            return times(spread(node.args[0], sign, into), spread(node.args[1], -sign, into));
        }
        const power = node.op === "pow" ? number(node.args[1]) : null;
        const [base, n] = power?.whole && size(power.n) <= 64n ? [node.args[0], Number(power.n)] : [node, 1];
        into.set(base, (into.get(base) ?? 0) + sign * n);
        return F1;
    }
    function factors(node) {
        const parts = new Map(),
            c = spread(node, 1, parts);
        return [c, new Map([...parts].filter(([, e]) => e))];
    }
    const multiplied = (c, parts) => product(c, new Map([...parts].filter(([, e]) => e)));
    function summands(node) {
        const parts = new Map();
        collect(node, F1, parts);
        return [...parts].flatMap(([term, scale]) =>
            term.op === "add" || term.op === "sub" ? summands(term).map(([c, t]) => [times(scale, c), t]) : [[scale, term]],
        );
    }
    function product(coefficient, parts) {
        if (!coefficient.sign) return ZERO;
        const bases = new Map(parts);
        for (const base of [...bases.keys()]) {
            const inside = base.op === "sqrt" ? number(base.args[0]) : null; // sqrt(2)*sqrt(2) is 2
            if (inside?.sign > 0 && Math.abs(bases.get(base)) >= 2) {
                const pairs = Math.trunc(bases.get(base) / 2);
                coefficient = times(coefficient, raised(inside, pairs));
                bases.set(base, bases.get(base) - 2 * pairs);
            }
        }
        for (const [base, e] of bases) {
            // k * where(c, a, 0) is where(c, k*a, 0): no 0 * inf in the dead branch
            if (base.op === "where" && e === 1 && base.args.indexOf(ZERO, 1) > 0) {
                const rest = product(coefficient, new Map([...bases].filter(([b]) => b !== base)));
                return where(base.args[0], mul(rest, base.args[1]), mul(rest, base.args[2]));
            }
        }
        for (const [base, e] of bases) if (base.op === "sign" && e > 1) bases.set(base, e % 2);
        for (const base of [...bases.keys()]) {
            // |u|*sign(u) = u and u*sign(u) = |u|, with the same value at 0
            if (base.op !== "sign" || bases.get(base) !== 1) continue;
            const inner = base.args[0],
                size = make("abs", [inner]);
            for (const [met, gives] of [
                [size, inner],
                [inner, size],
            ]) {
                if ((bases.get(met) ?? 0) > 0) {
                    bases.set(met, bases.get(met) - 1);
                    bases.set(gives, (bases.get(gives) ?? 0) + 1);
                    bases.set(base, 0);
                    break;
                }
            }
        }
        let top = null;
        for (const [base, e] of bases) {
            if (e <= 0) continue;
            const factor = e === 1 ? base : make("pow", [base, constant(e)]);
            top = top ? make("mul", [top, factor]) : factor;
        }
        let result = top ?? constant(coefficient);
        const outside = top ? coefficient : F1;
        for (const [base, e] of bases) for (let k = e; k < 0; k++) result = make("div", [result, base]); // b*b would overflow first
        return scaled(outside, result);
    }
    function joined(a, b, sign) {
        const parts = new Map(),
            c = times(spread(wrap(a), 1, parts), spread(wrap(b), sign, parts));
        return product(c, parts);
    }
    const mul = (a, b) => joined(a, b, 1);
    const neg = (a) => mul(-1, a);
    function div(a, b) {
        if (number(wrap(b))?.is(0)) throw new RangeError("division by zero");
        return joined(a, b, -1);
    }
    function power(a, b) {
        a = wrap(a);
        b = wrap(b);
        const e = number(b),
            base = number(a);
        if (!e) return make("pow", [a, b]);
        if (e.is(0)) return ONE;
        if (e.is(1)) return a;
        if (e.n === 1n && e.d === 2n) return call("sqrt", a);
        if (e.whole && size(e.n) <= 64n) {
            const n = Number(e.n);
            if (base && (base.sign || n > 0)) return constant(raised(base, n));
            const parts = new Map(),
                c = spread(a, 1, parts);
            return product(raised(c, n), new Map([...parts].map(([k, v]) => [k, v * n])));
        }
        return make("pow", [a, b]);
    }
    const where = (test, a, b) => (a === b ? a : make("where", [test, wrap(a), wrap(b)]));
    function abs(a) {
        const [c, term] = split(a);
        if (term === ONE) return constant(absolute(c));
        if (term.op === "abs" || !c.is(1)) return scaled(absolute(c), term.op === "abs" ? term : make("abs", [term]));
        return make("abs", [a]);
    }
    function choice(op, a, b) {
        const x = number(a),
            y = number(b);
        if (x && y) return constant(below(x, y) === (op === "min") ? x : y);
        return a === b ? a : make(op, [a, b]);
    }
    const SIMPLER = {
        add,
        sub,
        mul,
        div,
        pow: power,
        neg,
        where,
        abs,
        min: (a, b) => choice("min", a, b),
        max: (a, b) => choice("max", a, b),
    };
    // op(args) after the simplifications that hold for every input
    function call(op, ...args) {
        const nodes = args.map(wrap);
        if (op in SIMPLER) return SIMPLER[op](...nodes);
        const value = nodes.length === 1 ? number(nodes[0]) : null;
        const known = value?.whole ? rules.at[op]?.[value.n] : undefined;
        if (known !== undefined) return constant(known);
        const way = rules.parity[op];
        if (way && split(nodes[0])[0].sign < 0) {
            const turned = make(op, [neg(nodes[0])]);
            return way === "odd" ? make("neg", [turned]) : turned;
        }
        return make(op, nodes);
    }

    // -- walking -------------------------------------------------------------------------------------------------------
    // every node below the root once, arguments before the nodes that use them
    function walk(...roots) {
        const seen = new Set(),
            made = [],
            stack = roots.map((r) => [r, false]).reverse();
        while (stack.length) {
            const [node, ready] = stack.pop();
            if (ready) made.push(node);
            else if (!seen.has(node)) {
                seen.add(node);
                stack.push([node, true]);
                for (let i = node.args.length - 1; i >= 0; i--)
                    if (!seen.has(node.args[i])) stack.push([node.args[i], false]);
            }
        }
        return made;
    }
    const variables = (...roots) => [
        ...new Set(
            walk(...roots)
                .filter((n) => n.op === "var")
                .map((n) => n.payload),
        ),
    ];
    const same = (a, b) => a.every((node, i) => node === b[i]);
    function rebuild(root, change) {
        const done = new Map();
        for (const node of walk(root)) {
            const args = node.args.map((a) => done.get(a));
            done.set(node, change(same(args, node.args) ? node : call(node.op, ...args)));
        }
        return done.get(root);
    }
    function substitute(root, values) {
        const done = new Map();
        for (const node of walk(root)) {
            const args = node.args.map((a) => done.get(a));
            if (node.op === "var") done.set(node, Object.hasOwn(values, node.payload) ? wrap(values[node.payload]) : node);
            else done.set(node, same(args, node.args) ? node : call(node.op, ...args));
        }
        return done.get(root);
    }

    // whether a formula can be written out: what is shared stands in every place, so a short text may mean millions of parts
    const LONGEST = 3000,
        TOO_LONG = "too long to be written out";
    function writable(root) {
        const sizes = new Map();
        for (const node of walk(root))
            sizes.set(
                node,
                node.args.reduce((sum, a) => sum + sizes.get(a), 1),
            );
        return sizes.get(root) <= LONGEST;
    }

    // -- text ----------------------------------------------------------------------------------------------------------
    function numberText(value) {
        if (value.whole) return String(value.n);
        const near = float(value),
            plain = Math.abs(near) >= 1e-4 && Math.abs(near) < 1e16; // as Python writes them
        const text = plain ? String(near) : near.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
        return Number.isFinite(near) && exact(text).toString() === value.toString() ? text : `${value.n}/${value.d}`;
    }
    const bracketed = (node, least) => {
        const [text, level] = written(node);
        return level < least ? `(${text})` : text;
    };
    function written(node) {
        if (node.op === "const") {
            const text = numberText(node.payload);
            return [text, node.payload.sign < 0 ? 3 : text.includes("/") ? 2 : 5];
        }
        if (node.op === "var") return [node.payload, 5];
        if (node.op === "pi") return ["pi", 5];
        if (!(node.op in rules.infix)) return [`${node.op}(${node.args.map(toText).join(", ")})`, 5];
        const [sign, level] = rules.infix[node.op];
        if (node.op === "neg") {
            const [inside, rank] = written(node.args[0]);
            return rank >= 2 ? [`-${inside}`, Math.min(rank, 3)] : [`-(${inside})`, 3];
        }
        const left = bracketed(node.args[0], level + (node.op === "pow"));
        const right = bracketed(node.args[1], level + (node.op === "sub" || node.op === "div"));
        return [["mul", "div", "pow"].includes(node.op) ? left + sign + right : `${left} ${sign} ${right}`, level];
    }
    const toText = (node) => written(node)[0];
    const wording = (root) => (writable(root) ? toText(root) : TOO_LONG);

    NL.tree = {
        ONE,
        TOO_LONG,
        ZERO,
        Fraction,
        add,
        absolute,
        below,
        call,
        constant,
        div,
        exact,
        factors,
        float,
        fraction,
        make,
        mul,
        multiplied,
        neg,
        number,
        numberText,
        over,
        plus,
        power,
        rebuild,
        size,
        sub,
        substitute,
        summands,
        times,
        toText,
        variable,
        variables,
        walk,
        where,
        wording,
        writable,
    };
})();
