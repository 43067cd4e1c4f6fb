/** Where a server is: `socket` for Socket.IO, whose path is an option of its own; `api` for REST. */
export interface Address {
  origin: string;
  socketPath: string;
  api: string;
}

/** Without a name and a password in it, which would be shown to whoever sees the address. */
const form = /^(https?:\/\/[^/?#\s@\\]+)?(\/(?!\/)[^?#\s]*)?$/i;

const isOrigin = (origin: string) => {
  try {
    return new URL(origin) !== undefined;
  } catch {
    return false;
  }
};

/** Throws where `url` is none of a server: `https://chat.example.org`, one below a path, a path of the page's own origin, or empty for that origin. `isPage`: whether there is such an origin. */
export const addressOf = (url: string, isPage = 'location' in globalThis): Address => {
  const [whole, origin = '', path = ''] = form.exec(url) ?? [];
  if (whole === undefined || !(origin ? isOrigin(origin) : isPage))
    throw new TypeError(`url must be as https://chat.example or https://chat.example/path: ${url}`);
  const below = path.replace(/\/+$/, '');
  return { origin, socketPath: `${below}/socket.io`, api: `${origin}${below}/api` };
};
