// How many years at school a text asks for, after Flesch and Kincaid. Names and abbreviations count like all other words.

import assert from "node:assert/strict";

const HIGHEST_GRADE = 8;

/** Whoever has been to school for eight years can read it. */
export function assertPlain(t, text, what) {
  const lines = runningText(text);
  const grade = readingGrade(lines);
  t.diagnostic(`${what}: grade ${grade.toFixed(1)}`);
  const hardest = lines.map((line) => [readingGrade([line]), line]).sort(([a], [b]) => b - a).slice(0, 3);
  assert.ok(grade <= HIGHEST_GRADE, `${what} has grade ${grade.toFixed(1)}: ${hardest.map(([g, line]) => `\n  ${g.toFixed(1)} ${line}`).join("")}`);
}

/** The grade of a text in lines; a line that ends without a full stop ends a sentence all the same. */
function readingGrade(lines) {
  const sentences = lines.flatMap((line) => line.split(/(?<=[.!?:])["”’)]*\s+/)).map(wordsOf).filter((words) => words.length > 0);
  const words = sentences.flat();
  const syllables = words.reduce((sum, word) => sum + syllablesOf(word), 0);
  return 0.39 * (words.length / sentences.length) + 11.8 * (syllables / words.length) - 15.59;
}

/** Running text: headings, labels and other short lines would only make a page look simpler than it is. */
function runningText(text) {
  return text.split("\n").map((line) => line.trim()).filter((line) => wordsOf(line).length >= 5);
}

function wordsOf(text) {
  return text.match(/[A-Za-z][A-Za-z0-9’'@._-]*/g) ?? [];
}

function syllablesOf(word) {
  // An abbreviation is spelt out: G-S-I-B. TechPass, SEED and LiteMail are spoken.
  if (/^[A-Z]{2,4}$/.test(word) && !["SEED", "PIN"].includes(word)) return word.length;
  return word
    .split(/[^A-Za-z]+/)
    .filter(Boolean)
    .reduce((sum, part) => sum + Math.max(1, groupsOfVowels(part.toLowerCase())), 0);
}

function groupsOfVowels(word) {
  const spoken = word
    .replace(/(?:[^laeiouy]es|[^aeiouydt]ed|[^laeiouy]e)$/, "")
    .replace(/^y/, "");
  return (spoken.match(/[aeiouy]{1,2}/g) ?? []).length;
}
