import { copyFile } from "node:fs/promises";

// Lays the licence and the notice into a package before npm packs it: each published package carries its own copy.
for (const name of ["LICENSE", "NOTICE"]) await copyFile(new URL(`../${name}`, import.meta.url), name);
