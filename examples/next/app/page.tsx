export default function Page() {
  return <p>up</p>
}
