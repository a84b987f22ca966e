package dev.parley.protocol.frame;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** JSON as text, in all the ways RFC 8259 allows to write it, made without a JSON library. */
final class JsonTexts {
  private JsonTexts() {}

  static Arbitrary<String> values() {
    return Arbitraries.recursive(
        JsonTexts::scalars,
        inner -> Arbitraries.oneOf(scalars(), arrays(inner), objects(inner)),
        0,
        4);
  }

  static Arbitrary<String> whitespace() {
    return Arbitraries.frequency(
        Tuple.of(8, ""), Tuple.of(2, " "), Tuple.of(1, "\r\n\t"), Tuple.of(1, "\n    "));
  }

  static Arbitrary<String> scalars() {
    return Arbitraries.oneOf(Arbitraries.of("true", "false", "null"), numbers(), strings());
  }

  static Arbitrary<String> numbers() {
    Arbitrary<String> known =
        Arbitraries.of(
            "0",
            "-0",
            "-0.0",
            "42",
            "42.0",
            "42.10",
            "1e5",
            "1E+5",
            "1e-7",
            "100e-2",
            "1e400",
            "-1.5E-400",
            "9007199254740993",
            "123456789012345678901234567890",
            "0.1000000000000000055511151231257827");
    Arbitrary<String> made =
        Combinators.combine(
                Arbitraries.of("", "-"),
                Arbitraries.longs().between(0, Long.MAX_VALUE).map(String::valueOf),
                Arbitraries.of("", ".0", ".50", ".000001"),
                Arbitraries.of("", "e3", "E-3", "e+03"))
            .as((sign, integer, fraction, exponent) -> sign + integer + fraction + exponent);
    return Arbitraries.oneOf(known, made);
  }

  static Arbitrary<String> strings() {
    Arbitrary<String> pieces =
        Arbitraries.of(
            "a",
            "Z",
            "7",
            " ",
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "'",
            "/",
            "\\/",
            "\\\\",
            "\\\"",
            "\\b",
            "\\f",
            "\\n",
            "\\r",
            "\\t",
            "\\u0000",
            "\\u00e9",
            "\\u001F",
            "\\ud83d\\ude00",
            "\\ud800",
            "\\udc00",
            "é",
            "\u2028",
            "\u2029",
            "\u007f",
            "\ufeff",
            "漢",
            "\ud83d\ude00",
            "\ud834\udd1e");
    return pieces.list().ofMaxSize(12).map(list -> '"' + String.join("", list) + '"');
  }

  static Arbitrary<String> arrays(Arbitrary<String> inner) {
    return Combinators.combine(inner.list().ofMaxSize(4), whitespace())
        .as((items, ws) -> '[' + ws + String.join(ws + ',' + ws, items) + ws + ']');
  }

  static Arbitrary<String> objects(Arbitrary<String> inner) {
    return Combinators.combine(inner.list().ofMaxSize(4), strings().list().ofSize(4), whitespace())
        .as(
            (values, keys, ws) -> {
              List<String> members = new ArrayList<>();
              for (int i = 0; i < values.size(); i++) {
                String key = keys.get(i);
                String distinct = key.substring(0, key.length() - 1) + i + '"';
                members.add(distinct + ws + ':' + ws + values.get(i));
              }
              return '{' + ws + String.join(ws + ',' + ws, members) + ws + '}';
            });
  }

  /** An object with these members, in any order. */
  static Arbitrary<String> shuffled(List<String> members, String whitespace) {
    return Arbitraries.shuffle(members)
        .map(
            order ->
                '{'
                    + whitespace
                    + String.join(whitespace + ',' + whitespace, order)
                    + whitespace
                    + '}');
  }

  /** Changes a text at one place: a character goes, comes, is another, or a piece is repeated. */
  static Arbitrary<String> mutated(Arbitrary<String> texts) {
    Arbitrary<String> piece =
        Arbitraries.of(
            "\"",
            "\\",
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "-",
            ".",
            "e",
            "0",
            "9",
            "null",
            "tru",
            "\"id\":",
            "\"type\":\"req\",",
            "\"params\":",
            "\u0000",
            "\ud800",
            "\\u",
            "1e99999999999",
            "NaN",
            "/**/",
            "9".repeat(120),
            "[".repeat(70),
            "\ufeff");
    return Combinators.combine(
            texts,
            Arbitraries.integers().between(0, 9_999),
            Arbitraries.integers().between(0, 6),
            piece)
        .as(
            (text, place, cut, insert) -> {
              int at = place * text.length() / 10_000;
              int end = Math.min(text.length(), at + cut);
              return text.substring(0, at) + insert + text.substring(end);
            });
  }
}
