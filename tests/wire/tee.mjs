// A TCP relay on loopback that writes down the pieces of both directions as they pass.
import net from 'node:net';

export const RECEIVED = 0;
export const SENT = 1;

export async function tee(upstreamPort) {
  const connections = [];
  const sockets = new Set();
  const server = net.createServer({noDelay: true}, (client) => {
    const upstream = net.connect({port: upstreamPort, host: '127.0.0.1', noDelay: true});
    const pieces = [];
    connections.push(pieces);
    const relay = (from, to, kind) => {
      sockets.add(from);
      from.on('data', (bytes) => {
        pieces.push({kind, bytes});
        if (!to.destroyed) to.write(bytes);
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from));
    };
    relay(client, upstream, SENT);
    relay(upstream, client, RECEIVED);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    connections,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
