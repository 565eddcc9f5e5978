/** Serves one text over HTTP, for monitoring to fetch. */
import { createServer } from "node:http";
import { formatIp } from "../net/ip.ts";
import { type Endpoint, ListenError } from "../ports.ts";

/** Throws `ListenError`. */
export async function serveMetrics(on: Endpoint, text: () => string): Promise<AsyncDisposable> {
  const server = createServer({ requestTimeout: 10_000, maxHeaderSize: 8192 }, (request, response) => {
    const found = request.method === "GET" && request.url === "/metrics";
    response.writeHead(found ? 200 : 404, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    response.end(found ? text() : "/metrics\n");
  });
  server.maxConnections = 50;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(new ListenError("other", `${formatIp(on.address)} port ${on.port}: ${error.message}`, { cause: error })),
    );
    server.listen({ host: formatIp(on.address), port: on.port }, resolve);
  });
  server.on("error", () => {});
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
