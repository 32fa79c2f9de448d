// The syntax of typed formulas, that of Python's expressions: text becomes words, words a syntax tree; and the errors that point at
// a place in the text.
"use strict";
(() => {
    const quoted = (text) => `'${text}'`;

    class FormulaError extends Error {
        constructor(message, position = 0) {
            super(message);
            this.name = "FormulaError";
            this.position = position;
        }
    }
    const fail = (message, at) => {
        throw new FormulaError(message, at);
    };

    // -- near matches, scored as Python's difflib does ---------------------------------------------------------------------
    function common(a, b) {
        let best = 0,
            where_ = [0, 0],
            before = [];
        for (let i = 0; i < a.length; i++) {
            const here = [];
            for (let j = 0; j < b.length; j++) {
                if (a[i] !== b[j]) continue;
                here[j] = (before[j - 1] ?? 0) + 1;
                if (here[j] > best) [best, where_] = [here[j], [i - here[j] + 1, j - here[j] + 1]];
            }
            before = here;
        }
        if (!best) return 0;
        const [i, j] = where_;
        return best + common(a.slice(0, i), b.slice(0, j)) + common(a.slice(i + best), b.slice(j + best));
    }
    function near(name, options) {
        const word = name.toLowerCase();
        let found = null,
            score = 0.6;
        const spelled = new Map([...options].sort().map((o) => [o.toLowerCase(), o]));
        for (const [key, option] of spelled) {
            const ratio = (2 * common(key, word)) / (key.length + word.length);
            if (ratio > score || (ratio === score && (found === null || key > found.toLowerCase())))
                [found, score] = [option, ratio];
        }
        return found === null ? "" : ` Did you mean ${quoted(found)}?`;
    }

    // -- words and signs ---------------------------------------------------------------------------------------------------
    const TOKENS = [
        ["space", /\s+/y],
        [
            "number",
            /(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][+-]?\d(?:_?\d)*)?|\d(?:_?\d)*\.?(?:[eE][+-]?\d(?:_?\d)*)?)/y,
        ],
        ["name", /[\p{ID_Start}_]\p{ID_Continue}*/uy],
        ["text", /"[^"]*"|'[^']*'/y],
        ["sign", /\*\*|\/\/|<=|>=|==|!=|<<|>>|:=|[-+*/%@^&|~<>()[\]{},.=:]/y],
    ];
    const CLOSING = { "(": ")", "[": "]", "{": "}" };
    function tokens(text) {
        const made = [],
            open = [];
        for (let at = 0; at < text.length;) {
            const found = TOKENS.map(([kind, rule]) => {
                rule.lastIndex = at;
                return [kind, rule.exec(text)?.[0]];
            }).find(([, word]) => word);
            if (!found)
                fail(
                    `the formula cannot be read: invalid character ${quoted(String.fromCodePoint(text.codePointAt(at)))}`,
                    at,
                );
            const [kind, word] = found;
            if (word in CLOSING) open.push([word, at]);
            if (")]}".includes(word)) {
                const last = open.pop();
                if (!last) fail(`the formula cannot be read: unmatched ${quoted(word)}`, at);
                const mismatch = `closing parenthesis ${quoted(word)} does not match opening parenthesis ${quoted(last[0])}`;
                if (CLOSING[last[0]] !== word) fail(`the formula cannot be read: ${mismatch}`, at);
            }
            if (kind !== "space") made.push({ kind, word: kind === "name" ? word.normalize("NFKC") : word, at });
            at += word.length;
            if (kind === "number" && /[\p{ID_Start}_]/u.test(text[at] ?? "")) {
                fail(`the formula cannot be read: invalid decimal literal; write ${word}*${text[at]} for a product`, at - 1);
            }
        }
        if (open.length) fail(`the formula cannot be read: ${quoted(open.at(-1)[0])} was never closed`, open.at(-1)[1]);
        return [...made, { kind: "end", word: "", at: text.length }];
    }

    // -- the syntax tree: {kind, at, ...} ----------------------------------------------------------------------------------
    const BINARY = [["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/", "//", "%", "@"]];
    const COMPARE = ["<", "<=", ">", ">=", "==", "!="];
    const KEYWORDS = new Set("and or not if else lambda in is for await yield".split(" "));
    function syntax(text) {
        const list = tokens(text);
        let next = 0;
        const peek = (...words) => list[next].kind !== "text" && words.includes(list[next].word);
        const take = () => list[next++];
        const wrong = () => {
            const token = list[next],
                after = next > 0 ? list[next - 1] : null;
            const hint =
                after && ["name", "number"].includes(token.kind) && !KEYWORDS.has(token.word) && after.word !== "("
                    ? "; is a * missing here?"
                    : "";
            return fail(`the formula cannot be read: invalid syntax${hint}`, token.at);
        };
        const expect = (word) => (peek(word) ? take() : wrong());
        function ternary() {
            if (peek("lambda")) return { kind: "other", says: "a lambda", at: fastForward() };
            const { at } = list[next],
                body = either();
            if (!peek("if")) return body;
            take();
            const test = either();
            expect("else");
            return { kind: "if", test, body, rest: ternary(), at };
        }
        function fastForward() {
            const { at } = list[next];
            next = list.length - 1;
            return at;
        }
        function either() {
            const first = inverted();
            if (!peek("and", "or")) return first;
            while (peek("and", "or")) {
                take();
                inverted();
            }
            return { kind: "other", says: "'and'/'or'", at: first.at };
        }
        function inverted() {
            if (!peek("not")) return comparison();
            const { at } = take();
            inverted();
            return { kind: "other", says: "'not'", at };
        }
        function comparison() {
            const { at } = list[next],
                left = binary(0),
                ops = [],
                rest = [];
            while (peek(...COMPARE)) {
                ops.push(take().word);
                rest.push(binary(0));
            }
            return ops.length ? { kind: "compare", left, ops, rest, at } : left;
        }
        function binary(level) {
            if (level === BINARY.length) return unary();
            const { at } = list[next];
            let left = binary(level + 1);
            while (peek(...BINARY[level])) {
                const sign = take().word;
                left = { kind: "binary", sign, left, right: binary(level + 1), at };
            }
            return left;
        }
        function unary() {
            if (!peek("-", "+", "~")) return powered();
            const { word, at } = take(),
                inner = unary();
            return word === "~" ? { kind: "other", says: "~", at } : { kind: "unary", sign: word, inner, at };
        }
        function powered() {
            const { at } = list[next],
                base = postfix();
            if (!peek("**")) return base;
            take();
            return { kind: "binary", sign: "**", left: base, right: unary(), at };
        }
        function postfix() {
            const { at } = list[next];
            let made = atom();
            for (;;) {
                if (peek("(")) made = called(made, at);
                else if (peek(".")) {
                    take();
                    if (take().kind !== "name") (next--, wrong());
                    made = { kind: "other", says: "an attribute (a.b)", at };
                } else if (peek("[")) {
                    take();
                    several("]");
                    made = { kind: "other", says: "a subscript (a[b])", at };
                } else return made;
            }
        }
        function called(target, at) {
            take();
            const args = [],
                keywords = [];
            let starred = false;
            while (!peek(")")) {
                if (peek("*", "**")) starred = Boolean(take());
                if (list[next].kind === "name" && list[next + 1].word === "=") {
                    const { word } = take();
                    take();
                    keywords.push([word, ternary()]);
                } else if (keywords.length && !starred) {
                    fail("the formula cannot be read: positional argument follows keyword argument", list[next].at);
                } else args.push(ternary());
                if (!peek(",")) break;
                take();
            }
            expect(")");
            return { kind: "call", target, args, keywords, starred, at };
        }
        function several(end) {
            const made = [];
            while (!peek(end)) {
                made.push(ternary());
                if (peek(":", ",")) take();
                else break;
            }
            expect(end);
            return made;
        }
        function atom() {
            const token = list[next];
            if (token.kind === "number") return { kind: "number", text: take().word, at: token.at };
            if (token.kind === "text") return { kind: "literal", says: take().word, at: token.at };
            if (token.kind === "name" && !KEYWORDS.has(token.word)) {
                take();
                if (["True", "False", "None"].includes(token.word))
                    return { kind: "literal", says: token.word, at: token.at };
                return { kind: "name", name: token.word, at: token.at };
            }
            if (peek("(")) {
                take();
                if (peek(")")) return { kind: "other", says: "an empty pair of parentheses", at: list[next++].at - 1 };
                const inner = ternary();
                if (!peek(",")) {
                    expect(")");
                    return inner; // its own place, as Python's
                }
                take();
                several(")");
                return { kind: "other", says: "a list of values", at: token.at };
            }
            if (peek("[", "{")) {
                several(CLOSING[take().word]);
                return { kind: "other", says: "a list of values", at: token.at };
            }
            return wrong();
        }
        const made = ternary();
        return list[next].kind === "end" ? made : wrong();
    }

    globalThis.NL.syntax = { FormulaError, fail, near, quoted, syntax };
})();
