// What the lab's m4 makes of each sendmail.mc, in the root of the package that brings its macros along.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { layGround } from "./ground.ts";
import { run } from "./run.ts";
import { scratchFolder } from "./unpacked.ts";

/** Arguments: place to mount on, product's layer, files, how many. */
const script = `
I=$1 LOW=$2 STAGE=$3 N=$4
mount -t tmpfs -o mode=755 tmpfs "$I"
mkdir "$I/up" "$I/wk" "$I/root"
R=$I/root
mount -t overlay overlay -o "lowerdir=$LOW:/,upperdir=$I/up,workdir=$I/wk" "$R"
mkdir -p "$R/audit"
cp -R "$STAGE/." "$R/audit/"
I=0
while [ "$I" -lt "$N" ]; do
  echo "== $I"
  chroot "$R" /bin/sh -c "cd /etc/mail && m4 /audit/$I.mc" 2>>"$R/audit/err"
  I=$((I + 1))
done
`;

/** The generated sendmail.cf of each, in order. */
export async function generatedCfs(all: readonly string[]): Promise<readonly string[]> {
  await using ground = await layGround();
  const unpacked = await ground.unpacked("sendmail");
  const stage = await scratchFolder("mc");
  try {
    for (const [index, mc] of all.entries()) await writeFile(join(stage, `${index}.mc`), mc);
    const ran = await run([
      ...unpacked.enter,
      ...["unshare", "--mount"],
      ...[
        "/bin/sh",
        "-ec",
        script,
        "m4",
        join(unpacked.folder, "a"),
        join(unpacked.folder, "low"),
        stage,
        String(all.length),
      ],
    ]);
    if (ran.code !== 0) throw new Error(`m4 ended with ${ran.code}: ${ran.stderr.slice(-2000)}`);
    const blocks = ran.stdout.split(/^== \d+\n/m).slice(1);
    if (blocks.length !== all.length)
      throw new Error(`${blocks.length} of ${all.length} were made: ${ran.stderr.slice(-2000)}`);
    return blocks;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}
