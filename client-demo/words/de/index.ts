import app from './app.json' with { type: 'json' };
import composer from './composer.json' with { type: 'json' };
import connection from './connection.json' with { type: 'json' };
import errors from './errors.json' with { type: 'json' };
import notify from './notify.json' with { type: 'json' };
import people from './people.json' with { type: 'json' };
import rooms from './rooms.json' with { type: 'json' };
import settings from './settings.json' with { type: 'json' };
import sidebar from './sidebar.json' with { type: 'json' };
import signIn from './sign-in.json' with { type: 'json' };
import timeline from './timeline.json' with { type: 'json' };

export default { app, composer, connection, errors, notify, people, rooms, settings, sidebar, signIn, timeline };
