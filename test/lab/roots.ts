// Builds, once, what each product adds to this machine's own root, and keeps it as a tar outside the tree.
//
// The distribution's mailers conflict with one another, and none is wanted on the machine itself. So each is installed
// into an overlay over "/": the lower layer stays as it is, and the upper layer *is* the product. That layer lives on a
// tmpfs inside a mount namespace of its own and is gone when the namespace ends; what stays is the tar.
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Recipe } from "./recipes.ts";
import { mustRun, run } from "./run.ts";

export type Root = {
  readonly name: Recipe["name"];
  readonly tar: string;
  readonly made: "built" | "reused";
  readonly seconds: number;
};

const LISTS = "/var/lib/apt/lists";
const LISTS_AGE_MS = 7 * 24 * 3600_000;

/** Two installs at once: more only wait for the disk and the registry. */
const AT_ONCE = 2;

export function cacheFolder(): string {
  const asked = process.env.FENCEPOST_LAB_CACHE;
  if (asked) return asked;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "fencepost", "lab");
}

/** Makes sure that each recipe's tar exists. Reports each root as it becomes ready on stderr. */
export async function ensureRoots(recipes: readonly Recipe[]): Promise<readonly Root[]> {
  await mkdir(cacheFolder(), { recursive: true });
  const waiting = [...recipes];
  const roots: Root[] = [];
  const worker = async (): Promise<void> => {
    for (let recipe = waiting.shift(); recipe !== undefined; recipe = waiting.shift())
      roots.push(await ensureRoot(recipe));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return roots;
}

async function ensureRoot(recipe: Recipe): Promise<Root> {
  const started = Date.now();
  const seconds = (): number => Math.round((Date.now() - started) / 100) / 10;
  const key = await keyOf(recipe);
  const tar = join(cacheFolder(), `${recipe.name}-${key}.tar`);
  if (await exists(tar)) return { name: recipe.name, tar, made: "reused", seconds: seconds() };

  process.stderr.write(`lab: building the ${recipe.name} root\n`);
  const unfinished = `${tar}.${process.pid}`;
  try {
    await build(recipe, unfinished);
    await rename(unfinished, tar); // Whoever looks sees a whole tar or none.
  } finally {
    await rm(unfinished, { force: true });
  }
  await prune(recipe.name, tar);
  process.stderr.write(`lab: ${recipe.name} root built in ${seconds()} s\n`);
  return { name: recipe.name, tar, made: "built", seconds: seconds() };
}

/** Changes when the recipe, a package's version or the machine underneath changes. */
async function keyOf(recipe: Recipe): Promise<string> {
  const policy = await run(["apt-cache", "policy", ...recipe.packages], { env: { ...process.env, LC_ALL: "C" } });
  const candidates = policy.stdout.split("\n").filter((line) => /^\S|Candidate:/.test(line));
  const dpkg = await readFile("/var/lib/dpkg/status");
  return createHash("sha256")
    .update(JSON.stringify([recipe, candidates, buildScript]))
    .update(dpkg)
    .digest("hex")
    .slice(0, 16);
}

async function build(recipe: Recipe, tar: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "fencepost-root-"));
  try {
    await mustRun(
      [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "/bin/sh",
        "-ec",
        buildScript,
        "build",
        work,
        tar,
        recipe.debconf.join("\n"),
        recipe.prepare,
        (await listsAreFresh()) ? "fresh" : "stale",
        ...recipe.packages,
      ],
      { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" }, timeoutMs: 900_000 },
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Arguments: work folder, tar, debconf answers, preparation, fresh|stale, packages. */
const buildScript = `
M=$1 TAR=$2 ANSWERS=$3 PREPARE=$4 LISTS=$5
shift 5
mount -t tmpfs -o size=2g,mode=755 tmpfs "$M"
mkdir "$M/up" "$M/wk" "$M/root"
R=$M/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$M/up,workdir=$M/wk" "$R"
mount -t proc proc "$R/proc"
mount --rbind /dev "$R/dev"
mount -t tmpfs -o mode=755 tmpfs "$R/run"
mount -t tmpfs -o mode=1777 tmpfs "$R/tmp"
cp --remove-destination "$(readlink -f /etc/resolv.conf)" "$R/etc/resolv.conf"
# Start no service.
printf '#!/bin/sh\\nexit 101\\n' >"$R/usr/sbin/policy-rc.d"
chmod +x "$R/usr/sbin/policy-rc.d"
[ -z "$ANSWERS" ] || printf '%s\\n' "$ANSWERS" | chroot "$R" debconf-set-selections
install() {
  chroot "$R" apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 \\
    -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Options::=--path-exclude=/usr/share/man/* \\
    -o Dpkg::Options::=--path-exclude=/usr/share/doc/* "$@"
}
update() { chroot "$R" apt-get update -q; }
[ "$LISTS" = fresh ] || update
# A list may name a version that the registry has replaced since.
install "$@" || { update && install "$@"; }
[ -z "$PREPARE" ] || chroot "$R" /bin/sh -exc "$PREPARE"
tar --numeric-owner --xattrs --xattrs-include='trusted.*' -C "$M/up" --exclude=./var/cache --exclude=./var/lib/apt --exclude=./run \\
  --exclude=./tmp --exclude=./root --exclude=./etc/resolv.conf -cf "$TAR" .
`;

async function listsAreFresh(): Promise<boolean> {
  const names = await readdir(LISTS).catch(() => []);
  const ages = await Promise.all(
    names
      .filter((name) => name.includes("_Packages") || name.includes("InRelease"))
      .map(async (name) => Date.now() - (await stat(join(LISTS, name))).mtimeMs),
  );
  return names.some((name) => name.includes("_Packages")) && Math.min(...ages) < LISTS_AGE_MS;
}

async function prune(name: string, keep: string): Promise<void> {
  for (const file of await readdir(cacheFolder()))
    if (/^[a-z]+-[0-9a-f]{16}\.tar$/.test(file) && file.startsWith(`${name}-`) && join(cacheFolder(), file) !== keep)
      await rm(join(cacheFolder(), file), { force: true });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
