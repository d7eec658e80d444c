// Keeps the upper part of a picture: node crop.js WHOLE.png UPPER.png HEIGHT
const fs = require("node:fs");
const { PNG } = require("pngjs");

const [from, to, height] = process.argv.slice(2);
const whole = PNG.sync.read(fs.readFileSync(from));
const upper = new PNG({ width: whole.width, height: Number(height) });
PNG.bitblt(whole, upper, 0, 0, upper.width, upper.height, 0, 0);
fs.writeFileSync(to, PNG.sync.write(upper));
