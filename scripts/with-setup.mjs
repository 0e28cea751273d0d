// Runs a command of this workspace, after installing and building whatever it needs:
//   node scripts/with-setup.mjs [--cwd <folder>] [<command> <argument>…]
// Only the version check may run first: an old Node must get as far as the message.
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    'Posthorn needs Node 20.19 or newer; this is Node ' +
      process.versions.node +
      '. Install a newer one from https://nodejs.org and run the command again.',
  )
  process.exit(1)
}

void import('./lib/with-setup.mjs').then(({ main }) => main(process.argv.slice(2)))
