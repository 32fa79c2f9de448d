// Exact fractions of whole numbers of any size: 0.1 is one tenth, rounded once, when a program holds it as a constant.
"use strict";
(() => {
    const NL = (globalThis.NL ??= {});

    const size = (n) => (n < 0n ? -n : n);
    function divisor(a, b) {
        while (b) [a, b] = [b, a % b];
        return a;
    }
    class Fraction {
        constructor(n, d) {
            this.n = n;
            this.d = d;
        }
        get sign() {
            return this.n < 0n ? -1 : this.n > 0n ? 1 : 0;
        }
        get whole() {
            return this.d === 1n;
        }
        is(number) {
            return this.d === 1n && this.n === BigInt(number);
        }
        toString() {
            return `${this.n}/${this.d}`;
        }
    }
    function fraction(n, d = 1n) {
        n = BigInt(n);
        d = BigInt(d);
        if (d === 0n) throw new RangeError("division by zero");
        if (d < 0n) [n, d] = [-n, -d];
        const g = divisor(size(n), d) || 1n;
        return new Fraction(n / g, d / g);
    }
    const plus = (a, b) => fraction(a.n * b.d + b.n * a.d, a.d * b.d);
    const times = (a, b) => fraction(a.n * b.n, a.d * b.d);
    const over = (a, b) => fraction(a.n * b.d, a.d * b.n);
    const minus = (a) => new Fraction(-a.n, a.d);
    const absolute = (a) => new Fraction(size(a.n), a.d);
    const below = (a, b) => a.n * b.d < b.n * a.d;
    const raised = (a, n) =>
        n >= 0 ? fraction(a.n ** BigInt(n), a.d ** BigInt(n)) : fraction(a.d ** BigInt(-n), a.n ** BigInt(-n));
    // the fraction that a decimal text or "3/7" means
    function exact(text) {
        if (text.includes("/")) return over(...text.split("/").map(exact));
        const [, sign, whole, part = "", power = "0"] = /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
        const shift = Number(power) - part.length;
        const digits = BigInt(sign + (whole + part || "0"));
        return shift >= 0 ? fraction(digits * 10n ** BigInt(shift)) : fraction(digits, 10n ** BigInt(-shift));
    }
    // the nearest binary64 number: a quotient of 64 bits and a mark for what is cut off, rounded once
    function float(a) {
        const bits = (n) => (n ? size(n).toString(2).length : 0);
        if (bits(a.n) <= 53 && bits(a.d) <= 53) return Number(a.n) / Number(a.d);
        const scale = 64 - (bits(a.n) - bits(a.d));
        const over = scale > 0 ? size(a.n) << BigInt(scale) : size(a.n),
            under = scale < 0 ? a.d << BigInt(-scale) : a.d;
        let value = Number((over / under) | (over % under ? 1n : 0n));
        for (let left = scale; left !== 0;) {
            const step = Math.max(-1000, Math.min(1000, left));
            value *= 2 ** -step;
            left -= step;
        }
        return a.n < 0n ? -value : value;
    }

    NL.fractions = { Fraction, absolute, below, exact, float, fraction, minus, over, plus, raised, size, times };
})();
