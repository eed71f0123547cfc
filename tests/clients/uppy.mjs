// The page of an app that uploads with Uppy, into alice's files.

import Uppy from "@uppy/core"
import DragDrop from "@uppy/drag-drop"
import Tus from "@uppy/tus"

window.startUppy = (endpoint, authorization) => {
  const uppy = new Uppy({ autoProceed: true })
  uppy.use(DragDrop, { target: "body" })
  uppy.use(Tus, { endpoint, headers: { authorization } })
  uppy.on("complete", ({ successful, failed }) => {
    window.uploaded = successful.map((file) => file.uploadURL)
    window.failed = failed.map((file) => file.error)
  })
}
