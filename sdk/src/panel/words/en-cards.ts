/** What a card says: what happened, and what it means or what to do. */
export interface CardWords {
  readonly title: string;
  readonly text: string;
}

/** Every card in English: by error code, by warning code, and the panel's own. The keys are the topics of `Card`. */
export const cards = {
  // What cannot be read from the document.
  "nothing-selected": {
    title: "Nothing is selected",
    text: "Select a layer, a shape or an area, then press Generate again.",
  },
  "selection-hidden": { title: "The selection is hidden", text: "Show the layer, or select one that can be seen." },
  "selection-empty": {
    title: "The selection is empty",
    text: "There is nothing in it to follow. Select something drawn.",
  },
  "selection-outside": {
    title: "The selection is off the canvas",
    text: "Move it onto the canvas, or select something there.",
  },
  "selection-locked": { title: "The selection is locked", text: "Unlock the layer, or select another." },
  "selection-too-large": {
    title: "The selection is too large",
    text: "The editor cannot read so much at once. Select a smaller part.",
  },
  "selection-thin": {
    title: "Only {width} × {height} pixels are selected",
    text: "That is too little to see lines in. Select a larger part.",
  },
  "document-closed": {
    title: "The document was closed",
    text: "Save the picture as a file. To draw a layer of it, open the document and generate again.",
  },
  "document-switched": {
    title: "Another document is open now",
    text: "Go back to the one that the picture was drawn for and apply it again, or save it as a file.",
  },
  "document-resized": {
    title: "The document has another size now",
    text: "The picture no longer fits its place. Undo the change and apply again, or save it as a file.",
  },
  "document-mode": {
    title: "The document has another colour mode now",
    text: "Set it back and apply again, or save the picture as a file.",
  },
  "document-source-gone": {
    title: "What the picture was drawn for is gone",
    text: "Undo the change and apply again, or save the picture as a file.",
  },
  "layer-unknown": {
    title: "This layer was not made here",
    text: "It holds no recipe, so that it cannot be drawn again. Select it and draw something new over it.",
  },
  "controls-unknown": {
    title: "Some controls are not offered here",
    text: "Redraw draws the same picture. A new one follows only the controls in the list.",
  },
  // The editor.
  "host-busy": {
    title: "The editor is busy",
    text: "A dialog, a tool or another plugin holds it. Finish there, then try again.",
  },
  "host-failed": { title: "The editor did not manage that", text: "Nothing was changed. Try again." },
  "host-denied": {
    title: "The editor did not allow that",
    text: "Give the plugin its permission in the editor's settings.",
  },
  "host-unsupported": { title: "This editor cannot do that", text: "The picture can be saved as a file instead." },
  "host-lost": {
    title: "The editor is no longer connected",
    text: "Perhaps it was closed, or another Underdraw panel was opened. Your pictures are still here: save what you want to keep, then open the panel again.",
  },
  "bridge-closed": {
    title: "The connection to the editor was closed",
    text: "Your pictures are still here: save what you want to keep, then open the panel again.",
  },
  "bridge-protocol": {
    title: "The editor's part is of another version",
    text: "Update the plugin, then open the panel again.",
  },
  // The device and the worker.
  "webgpu-missing": {
    title: "Drawing on the processor",
    text: "WebGPU cannot be used here. Everything works, and takes longer.",
  },
  "webgpu-unavailable": {
    title: "WebGPU cannot be used here",
    text: "Update the browser or the graphics driver, or let the processor draw.",
  },
  "feature-missing": { title: "Something is missing here", text: "This machine or page lacks what that needs." },
  "device-lost": {
    title: "The graphics card was lost",
    text: "That happens after sleep or a driver's restart. Nothing finished is lost: try again.",
  },
  "out-of-memory": {
    title: "Memory ran out",
    text: "Close other programs or choose a smaller selection, then try again.",
  },
  "runtime-failed": { title: "The drawing engine failed", text: "Nothing finished is lost. Try again." },
  timeout: { title: "That took too long", text: "It was stopped. Try again when the machine is less busy." },
  "worker-crashed": {
    title: "The drawing engine stopped and was started anew",
    text: "Nothing finished is lost. Try again.",
  },
  "worker-crashed-again": {
    title: "The drawing engine stopped again",
    text: "Probably memory is short. Close other programs or choose a smaller selection, then try again.",
  },
  "result-not-finite": {
    title: "The picture came out broken",
    text: "The numbers ran over. Try again, with less strength or guidance if it stays.",
  },
  disposed: { title: "The panel was closed", text: "Open it again." },
  // Models and files.
  "model-unknown": {
    title: "A model is missing",
    text: "No model of that name is here. Remove the control that needs it.",
  },
  "model-fetch": { title: "The model could not be fetched", text: "Check the connection, then try again." },
  "model-integrity": {
    title: "The model's file is damaged",
    text: "Fetch it anew: its content is not what it should be.",
  },
  "model-incompatible": {
    title: "These models do not fit together",
    text: "The picture was made with another model, or a net belongs to another family.",
  },
  "file-invalid": {
    title: "The stored recipe cannot be read",
    text: "It is damaged or newer than this panel. Draw anew.",
  },
  "weights-not-finite": {
    title: "The model's file is damaged",
    text: "It holds numbers that are none. Fetch it anew.",
  },
  "picture-unreadable": { title: "The picture cannot be read", text: "Choose another." },
  "file-unwritable": { title: "The file could not be written", text: "Check that there is room, then try again." },
  "storage-full": { title: "There is no room left", text: "Delete models or other files, then try again." },
  // The work itself.
  "condition-failed": {
    title: "No map could be drawn",
    text: "Change the control's settings, or select something else.",
  },
  "request-invalid": { title: "A setting cannot be used", text: "Correct it, then try again." },
  "training-data": {
    title: "These pairs cannot be learnt from",
    text: "Repair or leave out the pairs that are named.",
  },
  "training-diverged": { title: "Training went astray", text: "Lower the learning rate." },
  "locked-changed": { title: "Locked weights have changed", text: "Load the model anew." },
  failed: { title: "That did not work", text: "Nothing finished is lost. Try again." },
  // Warnings about maps and requests.
  "map-empty": {
    title: "The map is empty",
    text: "Nothing was found to follow. Make the control more sensitive, or select something with clear edges.",
  },
  "map-inverted": { title: "The map looks inverted", text: "This net expects bright lines on black." },
  "map-dark-on-transparent": {
    title: "The map's lines vanish",
    text: "They are dark on a transparent ground. Inverted on white they can be seen.",
  },
  "map-flipped": { title: "Near and far look exchanged", text: "Near things should be bright in this map." },
  "map-other-kind": {
    title: "The map looks like one of another kind",
    text: "This net reads maps of another sort. Choose the net or the map that fits.",
  },
  "map-strokes-wide": {
    title: "The map's lines are very wide",
    text: "Nets know lines of up to 24 pixels in 512. Draw thinner ones.",
  },
  "map-not-facing": {
    title: "The map's normals look wrong",
    text: "Faces should look towards the viewer. Perhaps red or green is the wrong way round.",
  },
  "map-blurred": {
    title: "The map's colours run into each other",
    text: "This net knows flat colours alone. Scale the map without smoothing.",
  },
  "scene-absent": {
    title: "There are no shapes to read here",
    text: "This control reads the document's own shapes, and what is selected has none.",
  },
  "names-unknown": {
    title: "Some layer names are not known",
    text: "Name those layers after what they show: sky, tree, house.",
  },
  "model-unverified": {
    title: "The model's file is not a known one",
    text: "It was read all the same. Get it anew if the map looks wrong.",
  },
  "model-range-assumed": {
    title: "Something was assumed about the model",
    text: "Its file does not say which values it reads. Choose them in the settings if the map looks wrong.",
  },
  "source-vanishes": {
    title: "The drawing vanishes on this ground",
    text: "What is drawn has the colour that lies under its transparent parts.",
  },
  "map-resized": { title: "The map was resized", text: "It had another size than the picture." },
  "map-cut": { title: "The map was cut", text: "It had other proportions than the picture: its middle was taken." },
  "recipe-missing": {
    title: "The layer cannot be drawn again",
    text: "This page cannot make a recipe for it. The picture itself is complete.",
  },
  "size-rounded": {
    title: "The size was rounded",
    text: "The model draws in steps; the picture was cut back to your size.",
  },
  "control-inactive": {
    title: "A control has no effect",
    text: "Its part of the steps holds none. Widen it, or take more steps.",
  },
  "prompt-cut": { title: "The prompt is too long", text: "Its end was left out. Put the most important words first." },
  "negative-unused": { title: "What to avoid had no say", text: "It acts only with guidance above 1." },
  "model-assumed": { title: "Something was assumed about the model", text: "Its files do not say everything." },
  "device-differs": {
    title: "Drawn on another device",
    text: "The picture may differ a little from the one in the document.",
  },
  "weights-differ": {
    title: "Drawn with weights stored in another way",
    text: "The picture may differ a little from the one in the document.",
  },
  noted: { title: "Worth knowing", text: "The picture was drawn, and something was changed on the way." },
  // What the page lacks, and what the panel keeps.
  "storage-blocked": {
    title: "Nothing can be kept here",
    text: "The editor blocks storage for this panel, so that models are read anew each time. Drawing works.",
  },
  "storage-absent": {
    title: "This page has no storage",
    text: "Models are read anew each time. Drawing works.",
  },
  "insecure-page": {
    title: "This page is not secure",
    text: "Without https there is no WebGPU and no recipe with the layer. Open the panel by https or from localhost.",
  },
  "results-full": {
    title: "The oldest picture was let go",
    text: "Only so many are kept in memory. Apply or save what you want to keep.",
  },
} as const satisfies Readonly<Record<string, CardWords>>;

/** What a card is about. */
export type Topic = keyof typeof cards;
