/** One external command, without blocking the loop that stamps times. */
import { spawn } from "node:child_process";

/** Resolves when it ended with 0. */
export function run(command: string, args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe"],
      // Plain users' paths often lack the folders of ip and nft.
      env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` },
    });
    let output = "";
    let problem = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      problem += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ${args.join(" ")}: ${problem.trim()}`));
    });
    // A command that does not read its input may be over before it is written.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
