import { join } from "node:path";
import { must } from "./sh.mjs";

/** Node, npm, a shell and what they need, copied from this machine: where no image can be pulled, it stands in for node:22-slim. */
const COPY = `
set -e
mkdir -p "$1"/usr/bin "$1"/usr/sbin "$1"/usr/lib "$1"/usr/lib64 "$1"/etc "$1"/root "$1"/tmp "$1"/proc "$1"/sys "$1"/dev
chmod 1777 "$1"/tmp
cp -a /bin /lib /lib64 /sbin "$1"/
put() { mkdir -p "$1$(dirname "$2")"; cp -L "$2" "$1$2"; }
node=$(readlink -f "$2")
for file in "$node" /usr/bin/dash /usr/bin/env /usr/bin/touch; do
  put "$1" "$file"
  for library in $(ldd "$file" | grep -o '/[^ ]*'); do put "$1" "$library"; done
done
for library in files dns; do put "$1" "$(ls /lib/*/libnss_$library.so.2 | head -1)"; done
put "$1" "$(ls /lib/*/libresolv.so.2 | head -1)"
put "$1" /etc/ssl/certs/ca-certificates.crt
ln -sf dash "$1"/usr/bin/sh
[ "$node" = /usr/bin/node ] || ln -sf "$node" "$1"/usr/bin/node
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
mkdir -p "$1$(dirname "$npm")"
cp -a "$npm" "$1$(dirname "$npm")"/
ln -sf "$npm"/bin/npm-cli.js "$1"/usr/bin/npm
printf 'root:x:0:0:root:/root:/bin/sh\\nnode:x:1000:1000::/tmp:/bin/sh\\n' > "$1"/etc/passwd
printf 'root:x:0:\\nnode:x:1000:\\n' > "$1"/etc/group
echo 'hosts: files dns' > "$1"/etc/nsswitch.conf
`;

/** @param {string} folder @param {(...args: string[]) => Promise<string>} docker @returns {Promise<string>} its name */
export async function importBase(folder, docker) {
  const files = join(folder, "base");
  await must("/bin/sh", ["-c", COPY, "base", files, process.execPath]);
  const archive = join(folder, "base.tar");
  await must("tar", ["-C", files, "-cf", archive, "."]);
  await docker(
    "import",
    "--change",
    "ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",
    archive,
    "headgate-base:local",
  );
  return "headgate-base:local";
}
