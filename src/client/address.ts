/** Where a server is: `socket` for Socket.IO, whose path is an option of its own; `api` for REST. */
export interface Address {
  origin: string;
  socketPath: string;
  api: string;
}

const form = /^(https?:\/\/[^/?#\s]+)?(\/(?!\/)[^?#\s]*)?$/i;

/** Throws where `url` is none of a server: `https://chat.example.org`, one below a path, a path of the page's own origin, or empty for that origin. */
export const addressOf = (url: string): Address => {
  const [whole, origin = '', path = ''] = form.exec(url) ?? [];
  if (whole === undefined)
    throw new TypeError(`url must be as https://chat.example or https://chat.example/path: ${url}`);
  const below = path.replace(/\/+$/, '');
  return { origin, socketPath: `${below}/socket.io`, api: `${origin}${below}/api` };
};
