// SPDX-License-Identifier: GPL-2.0-only
// build.mjs FOLDER - the page, as Cockpit serves it, into FOLDER

import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { argv, exit } from "node:process";

import { build } from "esbuild";

const out = argv[2];

const files = (folder, ending) => readdirSync(folder, { recursive: true })
    .filter(name => ending.test(name)).map(name => join(folder, name));

/** All texts that the sources show to people. */
function texts(sources) {
    const found = new Set();

    for (const file of sources) {
        for (const match of readFileSync(file, "utf8").matchAll(/\b(?:_|say)\(\s*"((?:[^"\\]|\\.)*)"/g))
            found.add(JSON.parse(`"${match[1]}"`));
    }
    return found;
}

/** A catalogue, in the form that Cockpit serves as po.js to those of the language. */
function catalogue(file, wanted) {
    const language = basename(file, ".json");
    const words = JSON.parse(readFileSync(file, "utf8"));
    const missing = [...wanted].filter(text => !words[text]);
    const needless = Object.keys(words).filter(text => !wanted.has(text));
    const broken = Object.keys(words).filter(text =>
        String(text.match(/\$\d/g)?.sort()) !== String(words[text].match(/\$\d/g)?.sort()));

    for (const [what, list] of Object.entries({ missing, needless, broken }))
        for (const text of list)
            console.error(`${file}: ${what}: ${JSON.stringify(text)}`);
    if (missing.length || needless.length || broken.length)
        return null;
    const entries = Object.entries(words).map(([text, other]) => [text, [null, other]]);
    const head = { language, "language-direction": "ltr" };
    return `cockpit.locale(${JSON.stringify({ "": head, ...Object.fromEntries(entries) })});\n`;
}

/** PatternFly's own fonts stay out: the page has those of the system. */
const withoutFonts = {
    name: "without-fonts",
    setup: build => build.onLoad({ filter: /base\.css$/ }, ({ path }) => ({
        contents: readFileSync(path, "utf8").replace(/@font-face\s*{[^}]*}/g, ""),
        loader: "css",
    })),
};

mkdirSync(out, { recursive: true });
const wanted = texts(files("src", /\.tsx?$/));
for (const file of files("po", /\.json$/)) {
    const text = catalogue(file, wanted);
    if (text === null)
        exit(1);
    writeFileSync(join(out, `po.${basename(file, ".json")}.js`), text);
}
for (const file of ["src/index.html", "manifest.json"])
    copyFileSync(file, join(out, basename(file)));
/** What others ask to be passed on with their programs: each package's licence. */
function licences(inputs) {
    const packages = new Set(inputs.map(input => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]).filter(Boolean));

    return [...packages].sort().map(name => {
        const folder = join("node_modules", name);
        const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
        const file = readdirSync(folder).find(entry => /^licen[cs]e/i.test(entry));
        return `${name} ${version}: ${license}\n\n${file ? readFileSync(join(folder, file), "utf8") : ""}\n`;
    }).join("\n");
}

const { metafile } = await build({
    entryPoints: ["src/index.tsx"],
    outfile: join(out, "index.js"),
    bundle: true,
    minify: true,
    target: ["es2022"],
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [withoutFonts],
    loader: { ".svg": "empty", ".png": "empty", ".jpg": "empty" },
    legalComments: "none",
    metafile: true,
});
writeFileSync(join(out, "licences.txt"), licences(Object.keys(metafile.inputs)));
