/** Who calls: the first argument of every rule. Made from a verified access token and a live session, never from input. */
export interface Actor {
  user_id: string;
  session_id: string;
  role: 'user' | 'admin';
  username: string;
  full_name: string;
}
