// A TCP port for a program that cannot be told to listen on port 0 and report what it got.
import { createServer } from "node:net";

/**
 * A loopback port that was free a moment ago. Another process may take it before the caller does;
 * prefer port 0 wherever the program reports its port.
 */
export function freePort(host = "127.0.0.1"): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === "string") reject(new Error("no TCP port"));
        else resolve(address.port);
      });
    });
  });
}
