// A formula as MathML, which browsers draw by themselves: a twin of nonlin/view/mathml.py, whose names of functions and letters
// Python exports. A piece is its markup, how tightly it holds, and what it begins and ends with.
"use strict";
(() => {
    const { rules, tree } = globalThis.NL;
    const { ONE, constant, make, number } = tree;
    const [LOOSE, SUM, TERM, PRODUCT, POWER, ATOM] = [0, 1, 2, 3, 4, 5];
    const ARITHMETIC = ["const", "var", "neg", "add", "sub", "mul", "div", "pow", "lt", "le", "gt", "ge"];
    const piece = (markup, level, first = "", last = "") => ({ markup, level, first, last });
    const escaped = (text) =>
        text.replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" })[c]);
    const mi = (text) => `<mi>${escaped(text)}</mi>`;
    const mo = (sign, attributes = "") => `<mo${attributes}>${escaped(sign)}</mo>`;
    const row = (...parts) => `<mrow>${parts.join("")}</mrow>`;
    const TIMES = "<mo>&#x2062;</mo>",
        APPLY = "<mo>&#x2061;</mo>",
        THIN = '<mspace width="0.167em"></mspace>';
    const INFIX = ' form="infix"',
        PREFIX = ' form="prefix"',
        POSTFIX = ' form="postfix"';
    const fenced = (inside, left = "(", right = ")") => row(mo(left, PREFIX), inside, mo(right, POSTFIX));
    const bracketed = (made, least) => (made.level >= least ? made : piece(fenced(made.markup), ATOM, "open", "close"));

    // -- leaves ------------------------------------------------------------------------------------------------------------------
    const power = (e) => (e >= 0 ? `<mn>${e}</mn>` : row(mo("−"), `<mn>${-e}</mn>`));
    function numeral({ payload }) {
        const size = tree.numberText(tree.absolute(payload));
        let made = piece(`<mn>${size}</mn>`, ATOM, "number", "number");
        if (size.includes("/")) {
            const [top, bottom] = size.split("/");
            made = piece(`<mfrac><mn>${top}</mn><mn>${bottom}</mn></mfrac>`, PRODUCT);
        } else if (size.includes("e")) {
            const [digits, e] = size.split("e"),
                ten = `<msup><mn>10</mn>${power(Number(e))}</msup>`;
            made = piece(digits === "1" ? ten : row(`<mn>${digits}</mn>`, mo("·"), ten), PRODUCT, "number", "power");
        }
        return payload.sign < 0 ? minus(made) : made;
    }
    function variable({ payload: name }) {
        const found = /^(?:(\p{L}+)_?(\d+)|(\p{L}+)_([\p{L}\p{N}_]+))$/u.exec(name);
        let [stem, index] = found ? found.slice(1).filter(Boolean) : [name, ""];
        const digits = /^\d+$/.test(index),
            letter = (text) => rules.greek[text] ?? text;
        if (letter(stem).length > 1 && !digits) [stem, index] = [name.replaceAll("_", " "), ""];
        const shown = letter(stem),
            below = digits ? `<mn>${index}</mn>` : mi(letter(index));
        const kind = shown.length > 1 ? "word" : shown === "σ" ? "sigma" : "letter";
        return piece(
            index ? `<msub>${mi(shown)}${below}</msub>` : mi(shown),
            ATOM,
            kind,
            index && kind === "letter" ? "index" : kind,
        );
    }

    // -- arithmetic --------------------------------------------------------------------------------------------------------------
    function minus(made) {
        const inside = bracketed(made, TERM);
        return piece(row(mo("−", PREFIX), inside.markup), SUM, "minus", inside.last);
    }
    // what a node is the negative of, as it is written; null if it has no minus in front
    function opposite(node) {
        if (node.op === "neg") return node.args[0];
        if (number(node)?.sign < 0) return constant(tree.absolute(node.payload));
        const inner = node.op === "mul" || node.op === "div" ? opposite(node.args[0]) : null;
        if (!inner) return null;
        return inner === ONE && node.op === "mul" ? node.args[1] : make(node.op, [inner, node.args[1]]);
    }
    function sum(node) {
        const [first, given] = node.args,
            turned = node.op === "add" ? opposite(given) : null;
        const sign = node.op === "sub" || turned ? "−" : "+",
            second = turned ?? given;
        const left = bracketed(write(first), SUM),
            right = bracketed(write(second), sign === "−" || opposite(second) ? TERM : SUM);
        return piece(row(left.markup, mo(sign, INFIX), right.markup), SUM, left.first, right.last);
    }
    // the sign between two factors: none where they can be told apart without one
    function between(before, after) {
        if (after === "number" || [before, after].includes("word") || (before === "sigma" && after === "open"))
            return mo("·", INFIX);
        return after === "call" ? TIMES + THIN : TIMES;
    }
    function product(node) {
        const inner = opposite(node);
        if (inner) return minus(write(inner));
        const [left, right] = node.args.map((a) => bracketed(write(a), PRODUCT));
        return piece(row(left.markup, between(left.last, right.first), right.markup), PRODUCT, left.first, right.last);
    }
    function quotient(node) {
        const inner = opposite(node);
        if (inner) return minus(write(inner));
        const [top, bottom] = fraction(node);
        return piece(`<mfrac>${write(top).markup}${write(bottom).markup}</mfrac>`, PRODUCT, "fraction", "fraction");
    }
    // a/x/x is a over x squared, not a fraction in a fraction
    function fraction(node) {
        const below = new Map();
        for (; node.op === "div"; node = node.args[0]) below.set(node.args[1], (below.get(node.args[1]) ?? 0) + 1);
        const met = [...below],
            isNumber = ([b]) => b.op === "const";
        const factors = [...met.filter(isNumber), ...met.filter((f) => !isNumber(f))].map(([b, n]) =>
            n > 1 ? make("pow", [b, constant(n)]) : b,
        );
        return [node, factors.reduce((a, b) => make("mul", [a, b]))];
    }
    // an exponent, where a fraction is written with a slash: a bar would make it too small to read
    function raised(exponent) {
        const inner = opposite(exponent),
            value = number(exponent);
        const loose = inner && inner.op !== "div" && write(inner).level < TERM;
        if (inner) return row(mo("−", PREFIX), loose ? fenced(raised(inner)) : raised(inner));
        if (value && tree.numberText(value).includes("/")) return slashed(constant(value.n), constant(value.d));
        return exponent.op === "div" ? slashed(...fraction(exponent)) : write(exponent).markup;
    }
    const slashed = (top, bottom) =>
        row(bracketed(write(top), PRODUCT).markup, mo("/"), bracketed(write(bottom), POWER).markup);
    function powered({ args: [base, exponent] }) {
        const e = number(exponent),
            name = rules.printed[base.op];
        if (e?.n === 1n && e.d === 2n) return root(base);
        const above = raised(exponent);
        if (name && e && e.n > e.d && !name.includes("^")) return applied(name, base.args, above);
        const below = bracketed(write(base), ATOM);
        return piece(`<msup>${below.markup}${above}</msup>`, POWER, below.first, "power");
    }
    const root = (inside) => piece(`<msqrt>${write(inside).markup}</msqrt>`, ATOM, "root", "root");
    function compared({ op, args }) {
        const [left, right] = args.map(write),
            sign = { lt: "<", le: "≤", gt: ">", ge: "≥" }[op];
        return piece(row(left.markup, mo(sign), right.markup), LOOSE, left.first, right.last);
    }

    // -- functions ---------------------------------------------------------------------------------------------------------------
    function applied(called, args, above = "") {
        const [name, square] = called.split("^"),
            high = above || (square ? `<mn>${square}</mn>` : "");
        const head = high ? `<msup>${mi(name)}${high}</msup>` : mi(name);
        const inside = args.map((a) => write(a).markup).join(mo(",", ' separator="true"'));
        return piece(row(head, APPLY, fenced(inside)), ATOM, name.length > 1 ? "call" : "letter", "close");
    }
    // e with an exponent; exp(...) where that would hold more than arithmetic
    function exponential({ args }) {
        if (tree.walk(args[0]).some((n) => ![...ARITHMETIC, "abs", "pi", "sqrt"].includes(n.op)))
            return applied("exp", args);
        return piece(`<msup><mi mathvariant="normal">e</mi>${raised(args[0])}</msup>`, POWER, "letter", "power");
    }
    const within =
        (left, right) =>
        ({ args: [a] }) =>
            piece(fenced(write(a).markup, left, right), ATOM, "open", "close");
    const cell = (markup) => `<mtd style="text-align: left; padding: 0.15em 0.4em">${markup}</mtd>`;
    function cases(node) {
        const lines = [];
        for (; node.op === "where"; node = node.args[2]) {
            lines.push([write(node.args[1]).markup, `<mtext>if&#xA0;</mtext>${write(node.args[0]).markup}`]);
        }
        lines.push([write(node).markup, "<mtext>otherwise</mtext>"]);
        const table = `<mtable>${lines.map(([value, when]) => `<mtr>${cell(value)}${cell(when)}</mtr>`).join("")}</mtable>`;
        return piece(row(mo("{", PREFIX), table), LOOSE, "open", "cases");
    }
    const WRITERS = {
        const: numeral,
        var: variable,
        add: sum,
        sub: sum,
        mul: product,
        div: quotient,
        pow: powered,
        lt: compared,
        le: compared,
        gt: compared,
        ge: compared,
        exp: exponential,
        where: cases,
        neg: ({ args: [a] }) => minus(write(a)),
        pi: () => piece("<mi>π</mi>", ATOM, "letter", "letter"),
        expm1: (node) => piece(row(exponential(node).markup, mo("−", INFIX), "<mn>1</mn>"), SUM, "letter", "number"),
        log_cosh: ({ args }) => applied("log", [make("cosh", args)]),
        log1p: ({ args: [a] }) => applied("log", [make("add", [ONE, a])]),
        sqrt: ({ args: [a] }) => root(a),
        abs: within("|", "|"),
        floor: within("⌊", "⌋"),
        straight_through: ({ args: [a] }) => write(a),
        tanh_softplus: ({ args }) => applied("tanh", [make("softplus", args)]),
        sech2_softplus: ({ args }) => applied("sech^2", [make("softplus", args)]),
    };
    const write = (node) =>
        node.op in WRITERS ? WRITERS[node.op](node) : applied(rules.printed[node.op] ?? node.op, node.args);
    globalThis.NL.mathml = (node) => {
        const markup = tree.writable(node) ? write(node).markup : `<mtext>${tree.TOO_LONG}</mtext>`;
        return `<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">${markup}</math>`;
    };
})();
