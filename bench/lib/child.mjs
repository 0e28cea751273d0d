// One variant, once: takes `{ module, settings }` from its parent and answers with the figures.
process.once('disconnect', () => process.exit(1))
process.once('message', async ({ module, settings }) => {
  const { run } = await import(module)
  const figures = await run(settings)
  process.send(figures, () => process.exit(0))
})
