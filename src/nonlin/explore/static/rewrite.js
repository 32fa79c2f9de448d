// From the textbook form to the stable one, and to derivatives: interpreters of the tables Python exports (NL.rules), twins of
// nonlin/expr/rewrite.py and nonlin/expr/derive.py.
"use strict";
(() => {
    const { rules, tree } = globalThis.NL;
    const {
        ONE,
        ZERO,
        add,
        call,
        constant,
        div,
        factors,
        fraction,
        mul,
        multiplied,
        number,
        rebuild,
        size,
        sub,
        substitute,
        summands,
        walk,
    } = tree;
    const SUMS = ["add", "sub"],
        PRODUCTS = ["mul", "pow", "div"],
        CONDITIONS = ["lt", "le", "gt", "ge"];
    const MOST_TERMS = 8,
        MOST_FACTORS = 12,
        MOST_EXPANDED = 12,
        SIMPLE = 6;

    function remembered(make, most = 4096) {
        const kept = new Map();
        return (node) => {
            if (!kept.has(node)) {
                if (kept.size > most) kept.clear();
                kept.set(node, make(node));
            }
            return kept.get(node);
        };
    }

    // -- matching ------------------------------------------------------------------------------------------------------
    const bits = (n) => (n ? size(n).toString(2).length : 0);
    const WILD = {
        anything: () => true,
        single: (node) => {
            const v = number(node);
            return Boolean(v) && (v.d & (v.d - 1n)) === 0n && bits(v.n) <= 24 && bits(v.d) <= 24;
        },
        positive: (node) => number(node)?.sign > 0 && !number(node).is(1),
        not_whole: (node) => !number(node)?.whole,
        constant: (node) => !tree.variables(node).includes("x"),
    };
    const tables = new Map();
    function table(name) {
        if (!tables.has(name)) {
            const made = {};
            for (const [written, stable] of rules[name]) {
                const pattern = globalThis.NL.parse.inner(written, Object.keys(rules.wild));
                (made[pattern.op] ??= []).push([pattern, globalThis.NL.parse.inner(stable, Object.keys(rules.wild))]);
            }
            tables.set(name, made);
        }
        return tables.get(name);
    }
    function match(pattern, node, bound) {
        if (pattern.op === "var") {
            const name = pattern.payload;
            if ((bound[name] ?? node) !== node || !WILD[rules.wild[name]](node)) return null;
            return { ...bound, [name]: node };
        }
        if (pattern.op === "pow" && pattern.args[0].op === "var" && number(pattern.args[1])?.is(2)) {
            const inside = root(node); // 9*w**2 fits u**2 with u = 3*w
            return inside && match(pattern.args[0], inside, bound);
        }
        if (pattern.op === "neg" && node.op !== "neg") return match(pattern.args[0], mul(-1, node), bound);
        if (pattern.op !== node.op || pattern.args.length !== node.args.length) return null;
        if (pattern.op === "const") return pattern === node ? bound : null;
        const orders = [node.args];
        if (node.op === "add" || node.op === "mul") orders.push([...node.args].reverse());
        for (const args of orders) {
            let found = bound;
            for (let i = 0; i < args.length && found; i++) found = match(pattern.args[i], args[i], found);
            if (found) return found;
        }
        return null;
    }
    function wholeRoot(n) {
        let r = BigInt(Math.floor(Math.sqrt(Number(n))));
        while (r * r > n) r--;
        while ((r + 1n) * (r + 1n) <= n) r++;
        return r * r === n ? r : null;
    }
    function root(node) {
        if (node.op === "pow" && number(node.args[1])?.is(2)) return node.args[0];
        const inner = node.op === "mul" ? root(node.args[1]) : node.op === "div" ? root(node.args[0]) : null;
        if (!inner) return null;
        const scale = coefficient(node),
            top = wholeRoot(scale.n),
            bottom = wholeRoot(scale.d);
        return !scale.is(1) && top !== null && bottom !== null ? mul(constant(fraction(top, bottom)), inner) : null;
    }
    function applied(rows, node, ops = null, whole = true) {
        if (ops && !ops.includes(node.op)) return null;
        for (const [pattern, stable] of rows[node.op] ?? []) {
            if (!whole && pattern.args[0].op === "var") continue;
            const bound = match(pattern, node, {});
            if (bound) return substitute(stable, bound);
        }
        return null;
    }

    // -- inside longer sums and products ---------------------------------------------------------------------------------
    function flatten(node) {
        if (!SUMS.includes(node.op)) return [[1, node]];
        const flip = node.op === "sub" ? -1 : 1;
        return [...flatten(node.args[0]), ...flatten(node.args[1]).map(([s, t]) => [s * flip, t])];
    }
    function coefficient(node) {
        const value = number(node);
        if (value) return value.sign ? tree.absolute(value) : fraction(1);
        const inside = node.op === "mul" ? number(node.args[0]) : null,
            outside = node.op === "div" ? number(node.args[1]) : null;
        return inside?.sign
            ? tree.absolute(inside)
            : outside?.sign
              ? tree.over(fraction(1), tree.absolute(outside))
              : fraction(1);
    }
    function sumInside(rows, node) {
        const terms = flatten(node);
        if (terms.length > MOST_TERMS) return null;
        for (let i = 0; i < terms.length; i++) {
            for (let j = i + 1; j < terms.length; j++) {
                const [[s, a], [t, b]] = [terms[i], terms[j]];
                const scales = new Map([fraction(1), coefficient(a), coefficient(b)].map((f) => [String(f), f]));
                for (const scale of scales.values()) {
                    if (terms.length === 2 && scale.is(1)) continue;
                    const share = (sign) => constant(tree.over(fraction(sign), scale));
                    const made = applied(rows, add(mul(share(s), a), mul(share(t), b)), SUMS);
                    if (!made) continue;
                    let total = mul(constant(scale), made);
                    terms.forEach(([sign, term], k) => {
                        if (k !== i && k !== j) total = add(total, mul(sign, term));
                    });
                    return total;
                }
            }
        }
        return null;
    }
    function apart(node) {
        if (node.op === "mul" || node.op === "div") {
            const [top, bottom] = apart(node.args[0]),
                [more, less] = apart(node.args[1]);
            return node.op === "mul"
                ? [
                      [...top, ...more],
                      [...bottom, ...less],
                  ]
                : [
                      [...top, ...less],
                      [...bottom, ...more],
                  ];
        }
        if (node.op === "neg") {
            const [top, bottom] = apart(node.args[0]);
            return [[constant(-1), ...top], bottom];
        }
        const e = node.op === "pow" ? number(node.args[1]) : null;
        if (e?.whole && e.n >= 2n && e.n <= 8n) return [Array(Number(e.n)).fill(node.args[0]), []];
        return [[node], []];
    }
    function* pairs(tops, bottoms) {
        for (let i = 0; i < tops.length; i++) {
            for (let j = 0; j < bottoms.length; j++)
                if (!number(bottoms[j])?.is(0)) yield [div(tops[i], bottoms[j]), [i], [j]];
        }
        for (let i = 0; i < tops.length; i++) {
            for (let j = i + 1; j < tops.length; j++)
                if (!number(tops[i]) && !number(tops[j])) yield [mul(tops[i], tops[j]), [i, j], []];
        }
    }
    function productInside(rows, node) {
        const [tops, bottoms] = apart(node),
            count = tops.length + bottoms.length;
        if (count <= 2 || count > MOST_FACTORS) return null;
        for (const [pair, used, under] of pairs(tops, bottoms)) {
            let made = applied(rows, pair, PRODUCTS, false);
            if (!made) continue;
            tops.forEach((factor, i) => (made = used.includes(i) ? made : mul(factor, made)));
            bottoms.forEach((factor, j) => (made = under.includes(j) ? made : div(made, factor)));
            return made;
        }
        return null;
    }
    function once(rows, node) {
        let made = node.op === "mul" || node.op === "div" ? productInside(rows, node) : null;
        made ??= applied(rows, node);
        if (!made && SUMS.includes(node.op)) made = sumInside(rows, node);
        return made ?? node;
    }
    const stabilise = remembered((first) => {
        let node = first;
        for (let turn = 0; turn < 16; turn++) {
            const again = rebuild(node, (n) => once(table("rules"), n));
            if (again === node) break;
            node = again;
        }
        return node;
    });
    // a sum with what all its terms share taken out
    function factored(node) {
        if (!SUMS.includes(node.op)) return node;
        const terms = flatten(node).map(([sign, term]) => [sign, ...factors(term)]);
        let shared = new Map(terms[0][2]);
        for (const [, , parts] of terms.slice(1)) {
            const both = [...shared].filter(([b, e]) => parts.has(b) && parts.get(b) > 0 === e > 0);
            shared = new Map(both.map(([b, e]) => [b, Math.abs(parts.get(b)) < Math.abs(e) ? parts.get(b) : e]));
        }
        if ([...shared.keys()].every((b) => b.op === "var")) return node;
        let inner = ZERO;
        for (const [sign, c, parts] of terms) {
            const left = new Map([...parts].map(([b, e]) => [b, e - (shared.get(b) ?? 0)]));
            inner = add(inner, mul(sign, multiplied(c, left)));
        }
        const some = (keep) => multiplied(fraction(1), new Map([...shared].filter(([, e]) => keep(e))));
        return mul(
            mul(
                some((e) => e > 0),
                inner,
            ),
            some((e) => e < 0),
        );
    }
    // forms for evaluation only, then every primitive JavaScript cannot spell replaced by ones that it can
    const steadied = remembered((node) =>
        rebuild(
            rebuild(node, (n) => once(table("repairs"), n)),
            factored,
        ),
    );
    const widened = remembered((node) => rebuild(node, (n) => applied(table("wide"), n) ?? n));
    const instance = (text, names, values) => substitute(globalThis.NL.parse.inner(text, names), values);
    function lower(node) {
        return rebuild(node, (n) => {
            const form = rules.lower[n.op];
            return form ? lower(instance(form, ["a"], { a: n.args[0] })) : n;
        });
    }
    const evaluable = remembered((node) => lower(widened(steadied(node))));

    // -- derivatives -----------------------------------------------------------------------------------------------------
    const LETTERS = ["a", "b", "c"],
        NAMES = [...LETTERS, "da", "db", "dc", "y"];
    function tangent(top, name) {
        const slopes = new Map();
        for (const node of walk(top)) {
            if (node.op === "var") slopes.set(node, node.payload === name ? ONE : ZERO);
            else if (node.op === "const" || CONDITIONS.includes(node.op)) slopes.set(node, ZERO);
            else {
                const inner = node.args.map((a) => slopes.get(a));
                slopes.set(node, inner.every((d) => d === ZERO) ? ZERO : (quotient(node, slopes) ?? ruled(node, inner)));
            }
        }
        return slopes.get(top);
    }
    function ruled(node, inner) {
        const values = { y: node };
        node.args.forEach((a, i) => {
            values[LETTERS[i]] = a;
            values[`d${LETTERS[i]}`] = inner[i];
        });
        return instance(rules.tangents[node.op], NAMES, values);
    }
    // the derivative of a quotient over one denominator, if its numerator then is simple; null where the plain rule does better
    function quotient(node, slopes) {
        if (node.op !== "div") return null;
        const [c, parts] = factors(node);
        const moving = (b) => (slopes.get(b) ?? ZERO) !== ZERO;
        const bottoms = [...parts].filter(([b, e]) => e < 0 && moving(b)).map(([b, e]) => [b, -e]);
        if (!bottoms.length || [...parts.keys()].some((b) => !slopes.has(b))) return null;
        const under = new Set(bottoms.map(([b]) => b));
        const kept = new Map([...parts].filter(([b]) => !under.has(b))),
            top = multiplied(c, kept);
        const squares = new Map(bottoms.map(([b]) => [b, b.op === "sqrt" ? b.args[0] : b]));
        const products = [[productTangent(c, kept, slopes), ...squares.values()]];
        for (const [b, e] of bottoms) {
            const turn = b.op === "sqrt" ? div(slopes.get(b.args[0]), 2) : slopes.get(b);
            products.push([constant(-e), top, turn, ...[...squares].filter(([k]) => k !== b).map(([, s]) => s)]);
        }
        const grown = products.map(expanded);
        let numerator = grown.reduce((total, terms) => add(total, terms ?? ZERO), ZERO);
        const met = grown.reduce((count, terms) => count + (terms ? summands(terms).length : 0), 0);
        const cancel = !grown.includes(null) && summands(numerator).length < met;
        const plain = (b) =>
            b.op !== "sqrt" && walk(b).length <= SIMPLE && walk(b).every((n) => rules.algebraic.includes(n.op));
        if (!cancel) {
            if (!bottoms.every(([b]) => plain(b))) return null;
            numerator = products.reduce(
                (total, those) =>
                    add(
                        total,
                        those.reduce((made, part) => mul(made, part), ONE),
                    ),
                ZERO,
            );
        }
        for (const [b, e] of bottoms) for (let k = e + (b.op === "sqrt" ? 2 : 1); k > 0; k--) numerator = div(numerator, b);
        return numerator;
    }
    function productTangent(c, parts, slopes) {
        let total = ZERO;
        for (const [base, e] of parts) {
            if (slopes.get(base) === ZERO) continue;
            const rest = multiplied(tree.times(c, fraction(e)), new Map(parts).set(base, e - 1));
            total = add(total, mul(rest, slopes.get(base)));
        }
        return total;
    }
    function expanded(parts) {
        let made = [ONE];
        for (const part of parts) {
            const terms = summands(part).map(([s, t]) => mul(constant(s), t));
            if (made.length * terms.length > MOST_EXPANDED) return null;
            made = made.flatMap((a) => terms.map((b) => mul(a, b)));
        }
        return made.reduce((total, term) => add(total, term), ZERO);
    }
    function derivative(node, name = "x", order = 1) {
        for (let k = 0; k < order; k++) node = stabilise(tangent(node, name));
        return node;
    }

    // what each branching primitive compares: the sign of it chooses the branch
    function comparisons(node) {
        return walk(node)
            .filter((n) => n.op in rules.compared)
            .map((n) => {
                const [a, b] = n.args;
                return instance(rules.compared[n.op], ["a", "b"], b ? { a, b } : { a });
            });
    }

    globalThis.NL.rewrite = { comparisons, derivative, evaluable, stabilise };
})();
