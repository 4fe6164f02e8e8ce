// Imported first, for its effect: without it an old Node fails later, with a syntax error in a dependency.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `headgate: expected Node 20.19 or newer, got ${process.version}. Get it from https://nodejs.org\n`,
  );
  process.exit(1);
}
