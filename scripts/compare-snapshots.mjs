// Compares two `smonitor snapshot --json` of one machine: what is there, what is absent and why,
// flags and names; not figures, which differ from moment to moment.
//
//   node scripts/compare-snapshots.mjs ONE OTHER
//
// Prints each difference; the exit code is 1 if there is one.
import { readFileSync } from "node:fs";

/** Differ for other reasons than rights: how quick a source was, which processes there are. */
const IGNORED = [
  /\/sources\/[^/]*\/(state|problem\/since_ms|findings\/.*\/since_ms)$/,
  /\/(running|uninterruptible|state)$/,
  /\/sessions\/[^/]*\/key$/,
  /\/processes\/(?!summary|1-)/,
];

function facts(value, path, found) {
  if (Array.isArray(value)) {
    value.forEach((item, at) => {
      // Sessions by user: the two looks have logins of their own.
      const own = path.endsWith("/sessions") ? item?.user : (item?.key ?? item?.name);
      const name = own ?? (typeof item === "string" ? item : at);
      facts(item, `${path}/${name}`, found);
    });
  } else if (value !== null && typeof value === "object") {
    if ("absent" in value) {
      found.set(path, `absent: ${value.absent}`);
    } else {
      for (const key of Object.keys(value)) {
        facts(value[key], `${path}/${key}`, found);
      }
    }
  } else {
    found.set(path, typeof value === "number" ? "a number" : String(value));
  }
  return found;
}

const [one, other] = process.argv.slice(2).map((file) => {
  const { host, processes } = JSON.parse(readFileSync(file, "utf8"));
  const found = facts({ host, processes }, "", new Map());
  for (const path of found.keys()) {
    if (IGNORED.some((pattern) => pattern.test(path))) {
      found.delete(path);
    }
  }
  return found;
});

/** The next sample would have it, or what it is made of. */
const measuring = [one, other].flatMap((found) =>
  [...found].filter(([, fact]) => fact === "absent: measuring").map(([path]) => path),
);
const isMeasuring = (path) => measuring.some((it) => path === it || path.startsWith(`${it}/`));

let differences = 0;
for (const path of new Set([...one.keys(), ...other.keys()])) {
  const [a, b] = [one.get(path) ?? "not there", other.get(path) ?? "not there"];
  if (a !== b && !isMeasuring(path)) {
    differences += 1;
    console.log(`${path}: ${a} | ${b}`);
  }
}
console.log(`${one.size} facts compared, ${differences} differ`);
process.exitCode = differences > 0 ? 1 : 0;
