// Formulas typed by people: the language of nonlin/expr/parse.py, with its words and limits (NL.rules) and its sentences. Text
// becomes a syntax tree, the syntax tree a formula; nothing is ever evaluated.
"use strict";
(() => {
    const { rules, tree } = globalThis.NL;
    const { add, call, constant, div, exact, make, mul, number, power, size, sub, substitute, variable, walk, where } = tree;
    const CONDITIONS = { "<": "lt", "<=": "le", ">": "gt", ">=": "ge" };
    const conditional = (node) => ["lt", "le", "gt", "ge"].includes(node.op);
    const CONSTANTS = { pi: make("pi"), e: call("exp", constant(1)) };
    const { FormulaError, fail, near, quoted, syntax } = globalThis.NL.syntax;

    // -- the formula -------------------------------------------------------------------------------------------------------
    const bitsOf = (v) => Math.max(size(v.n).toString(2).length, v.d.toString(2).length);
    class Reader {
        constructor(names, macros, internal) {
            Object.assign(this, { names, macros, internal });
        }
        read(node, depth) {
            if (depth > rules.limits.depth) fail(`the formula is nested deeper than ${rules.limits.depth} levels`, node.at);
            try {
                return this[node.kind](node, depth);
            } catch (error) {
                if (error instanceof RangeError && error.message === "division by zero")
                    fail("the formula divides by zero here", node.at);
                throw error;
            }
        }
        other(node) {
            const allowed =
                "allowed are numbers, x, + - * / **, comparisons inside where(...), and functions such as tanh, exp, max";
            fail(`${node.says} is not part of a formula; ${allowed}`, node.at);
        }
        literal(node) {
            fail(`${node.says} is not a number a formula can use`, node.at);
        }
        number(node) {
            const text = node.text.replaceAll("_", "");
            if (/^0[xob]/i.test(text)) return constant(BigInt(text));
            if (!Number.isFinite(Number(text)) || Math.abs(Number((/[eE](.*)/.exec(text) ?? [0, 0])[1])) > 400)
                fail("this number is too large", node.at);
            return constant(exact(text));
        }
        name({ name, at }) {
            if (this.names?.includes(name)) return variable(name);
            if (Object.hasOwn(CONSTANTS, name)) return CONSTANTS[name];
            if (this.isFunction(name)) fail(`${quoted(name)} is a function; write ${name}(...)`, at);
            if (name.startsWith("__")) fail(`the name ${quoted(name)} is not allowed in a formula`, at);
            if (!this.names) return variable(name);
            const options = [...this.names, ...Object.keys(CONSTANTS)];
            return fail(
                `unknown name ${quoted(name)}.${near(name, options)} The variables here are: ${[...this.names].sort().join(", ")}`,
                at,
            );
        }
        isFunction(name) {
            return Object.hasOwn(rules.functions, name) || Object.hasOwn(rules.synonyms, name) || this.macros.has(name);
        }
        unary(node, depth) {
            const inner = this.read(node.inner, depth + 1);
            return node.sign === "-" ? mul(-1, inner) : inner;
        }
        binary(node, depth) {
            const combine = { "+": add, "-": sub, "*": mul, "/": div, "**": power }[node.sign];
            if (!combine)
                fail(
                    `the operator ${node.sign} is not part of a formula${node.sign === "^" ? "; write ** for a power" : ""}`,
                    node.at,
                );
            const left = this.read(node.left, depth + 1),
                right = this.read(node.right, depth + 1);
            if (conditional(left) || conditional(right))
                fail("a comparison is not a number; write where(x > 0, a, b)", node.at);
            if (combine === power) {
                const base = number(left),
                    e = number(right),
                    most = rules.limits.exponent;
                if (base && e && (size(e.n) > BigInt(most) * e.d || bitsOf(base) > 256))
                    fail(`constant powers are limited to exponents up to ${most}`, node.at);
            }
            const made = combine(left, right),
                value = number(made);
            if (value && bitsOf(value) > 4096) fail("this number is too large", node.at);
            return made;
        }
        compare(node, depth) {
            if (node.ops.length !== 1 || !(node.ops[0] in CONDITIONS)) {
                fail("a comparison in a formula is one of a < b, a <= b, a > b, a >= b", node.at);
            }
            return make(CONDITIONS[node.ops[0]], [this.read(node.left, depth + 1), this.read(node.rest[0], depth + 1)]);
        }
        condition(node, depth) {
            const test = this.read(node, depth + 1);
            if (!conditional(test) && !this.internal) fail("the condition must be a comparison such as x > 0", node.at);
            return test;
        }
        if(node, depth) {
            const test = this.condition(node.test, depth);
            return where(test, this.read(node.body, depth + 1), this.read(node.rest, depth + 1));
        }
        call(node, depth) {
            const { at } = node;
            if (node.target.kind !== "name")
                fail("only functions called by their plain name are allowed, such as tanh(x)", at);
            const typed = node.target.name,
                name = Object.hasOwn(rules.synonyms, typed) ? rules.synonyms[typed] : typed;
            const own = Object.hasOwn(rules.functions, name),
                macro = this.macros.get(name);
            if (!own && !macro) this.unknown(typed, name, at);
            if (node.starred || (node.keywords.length && !macro)) fail(`${name} takes plain arguments only`, at);
            const names = node.keywords.map(([k]) => k);
            if (new Set(names).size < names.length) fail(`${name}: a parameter is given twice`, at);
            if (name === "where") {
                if (node.args.length !== 3) fail(`where takes 3 arguments (condition, a, b), not ${node.args.length}`, at);
                const test = this.condition(node.args[0], depth);
                return where(test, this.read(node.args[1], depth + 1), this.read(node.args[2], depth + 1));
            }
            const args = node.args.map((a) => this.read(a, depth + 1));
            const given = Object.fromEntries(node.keywords.map(([k, v]) => [k, this.read(v, depth + 1)]));
            if ([...args, ...Object.values(given)].some(conditional))
                fail("a comparison is not a number; write where(x > 0, a, b)", at);
            if (macro && (names.length || !own)) return macro(name, args, given, at);
            const [arity, form] = rules.functions[name];
            if ((name === "min" || name === "max") && args.length > 2) return args.reduce((a, b) => call(name, a, b));
            if (args.length !== arity)
                fail(`${name} takes ${arity} argument${arity === 1 ? "" : "s"}, not ${args.length}`, at);
            return form ? instance(form, ["a", "b", "c"].slice(0, arity), args) : call(name, ...args);
        }
        unknown(typed, name, at) {
            if (rules.refused[typed]) refuse(typed, at);
            const options = [...Object.keys(rules.functions), ...Object.keys(rules.synonyms), ...this.macros.keys()];
            const hint = near(name, options) || ` Functions: ${Object.keys(rules.functions).sort().join(", ")}.`;
            fail(`unknown function ${quoted(typed)}.${hint}`, at);
        }
    }
    const refuse = (name, at) =>
        fail(`${name} is ${rules.refused[name]}; a formula in the page can call elementwise functions only`, at);
    function instance(form, names, values) {
        return substitute(inner(form, names), Object.fromEntries(names.map((n, i) => [n, values[i]])));
    }

    // -- the catalogue's functions inside formulas -----------------------------------------------------------------------------
    const fold = (name) => name.toLowerCase().replace(/[_\- ]/g, "");
    const spellings = (id) => [id, ...rules.catalogue[id][2]];
    let catalogue = null;
    function macros() {
        if (!catalogue) {
            catalogue = new Map();
            for (const id of Object.keys(rules.catalogue))
                for (const name of spellings(id)) catalogue.set(name, macroOf(...rules.catalogue[id]));
        }
        return catalogue;
    }
    const bounds = (row) => (typeof row === "string" ? [null, null] : row.slice(1)); // "1", or ["1", lowest, highest, place of the range in words]
    const macroOf = (formula, params) => (name, args, given, at) => {
        const own = Object.keys(params);
        if (args.length !== 1) fail(`${name}: takes 1 argument, not ${args.length}`, at);
        for (const [key, node] of Object.entries(given)) {
            if (!own.includes(key))
                fail(`${name}: no parameter ${quoted(key)}; its parameters are ${own.join(", ") || "none"}`, at);
            const [low, high, range] = bounds(params[key]),
                value = number(node) && tree.float(number(node));
            if (value !== null && !(value >= (low ?? -Infinity) && value <= (high ?? Infinity))) {
                const text = Number.isInteger(value) ? value.toFixed(1) : value; // as Python writes floats
                fail(`${name}: ${key}=${text} is out of range; allowed is ${rules.ranges[range]}`, at);
            }
        }
        return instance(
            formula,
            ["x", ...own],
            [args[0], ...own.map((p) => given[p] ?? constant(exact([params[p]].flat()[0])))],
        );
    };

    // a formula of our own tables, where any condition may stand for itself
    const known = new Map();
    function inner(text, names) {
        const key = `${names}|${text}`;
        if (!known.has(key)) known.set(key, new Reader(names, new Map(), true).read(syntax(text), 0));
        return known.get(key);
    }
    let folded = null;
    function named(text) {
        folded ??= new Map(Object.keys(rules.catalogue).flatMap((id) => spellings(id).map((n) => [fold(n), id])));
        return folded.get(fold(text));
    }
    // the name of a function, alone or with parameters, is that function of x
    function ofX(made) {
        const bare = made.kind === "name",
            target = bare ? made : made.kind === "call" && !made.args.length ? made.target : null;
        if (target?.kind !== "name" || ["x", ...Object.keys(CONSTANTS)].includes(target.name)) return made;
        const id = named(target.name);
        const own = Object.hasOwn(rules.functions, target.name) && bare;
        if (!id && !own) {
            if (rules.refused[target.name]) refuse(target.name, made.at);
            if (!bare) return made;
            const options = [...macros().keys()],
                hint = near(target.name, options);
            fail(`unknown function ${quoted(target.name)}.${hint} A formula in x works too, 'x*sigmoid(x)'.`, made.at);
        }
        const name = id && !macros().has(target.name) ? id : target.name,
            x = { kind: "name", name: "x", at: made.at };
        return {
            kind: "call",
            target: { ...target, name },
            args: [x],
            keywords: made.keywords ?? [],
            starred: made.starred,
            at: made.at,
        };
    }
    // the textbook expression of a typed formula
    function parse(text, names = null) {
        if (typeof text !== "string") fail("a formula is text");
        const { length, depth, nodes } = rules.limits;
        if (text.length > length) fail(`the formula has ${text.length} characters; at most ${length} are allowed`);
        const body = text.trim();
        if (!body) fail("the formula is empty; write for example 'x*tanh(exp(x))'");
        if (/[\n\0]/.test(body)) fail("the formula must be one line of plain text");
        let nesting = 0;
        for (let at = 0; at < body.length; at++) {
            nesting += "([{".includes(body[at]) - ")]}".includes(body[at]);
            if (nesting > depth) fail(`the formula is nested deeper than ${depth} levels`, at);
        }
        const whole = named(body); // "Leaky-ReLU", which as a formula would be a difference
        const read = whole
            ? {
                  kind: "call",
                  target: { kind: "name", name: whole, at: 0 },
                  args: [{ kind: "name", name: "x", at: 0 }],
                  keywords: [],
                  at: 0,
              }
            : ofX(syntax(body));
        const made = new Reader(names, macros(), false).read(read, 0);
        if (conditional(made)) fail("the formula is a comparison; write where(x > 0, a, b) to use one");
        if (walk(made).length > nodes) fail(`the formula has more than ${nodes} distinct parts`);
        return made;
    }

    globalThis.NL.parse = Object.assign(parse, { FormulaError, inner, near });
})();
