// An HTTPS server: answers with ?answer=N bytes, a little later. server.mjs CERTIFICATE KEY
import fs from 'node:fs';
import https from 'node:https';

const [, , certificate, key] = process.argv;
const options = {cert: fs.readFileSync(certificate), key: fs.readFileSync(key)};
const server = https.createServer(options, (request, response) => {
  request.resume();
  request.on('end', () => {
    const size = Number(new URL(request.url, 'https://localhost').searchParams.get('answer'));
    setTimeout(() => response.end(Buffer.alloc(size, 'x')), 5);
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
