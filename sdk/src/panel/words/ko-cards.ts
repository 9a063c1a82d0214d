import type { CardWords, Topic } from "./en-cards.ts";

/** Every card in Korean. */
export const cards: Readonly<Record<Topic, CardWords>> = {
  "nothing-selected": {
    title: "선택한 것이 없습니다",
    text: "레이어, 도형 또는 영역을 선택한 다음 생성을 다시 누르세요.",
  },
  "selection-hidden": { title: "선택한 항목이 숨겨져 있습니다", text: "레이어를 표시하거나 보이는 것을 선택하세요." },
  "selection-empty": { title: "선택한 항목이 비어 있습니다", text: "따라 그릴 것이 없습니다. 그려진 것을 선택하세요." },
  "selection-outside": {
    title: "선택한 항목이 캔버스 밖에 있습니다",
    text: "캔버스로 옮기거나 그 안의 것을 선택하세요.",
  },
  "selection-locked": { title: "선택한 항목이 잠겨 있습니다", text: "잠금을 풀거나 다른 레이어를 선택하세요." },
  "selection-too-large": {
    title: "선택한 항목이 너무 큽니다",
    text: "편집기가 한 번에 읽을 수 없습니다. 더 작은 부분을 선택하세요.",
  },
  "selection-thin": {
    title: "{width} × {height}픽셀만 선택했습니다",
    text: "선을 찾기에는 너무 작습니다. 더 넓게 선택하세요.",
  },
  "document-closed": {
    title: "문서가 닫혔습니다",
    text: "그림을 파일로 저장하세요. 레이어로 넣으려면 문서를 열어 다시 생성하세요.",
  },
  "document-switched": {
    title: "지금은 다른 문서가 열려 있습니다",
    text: "그림을 그린 문서로 돌아가 다시 적용하거나 파일로 저장하세요.",
  },
  "document-resized": {
    title: "문서 크기가 바뀌었습니다",
    text: "그림이 제자리에 맞지 않습니다. 변경을 취소하고 다시 적용하거나 파일로 저장하세요.",
  },
  "document-mode": {
    title: "문서의 색상 모드가 바뀌었습니다",
    text: "되돌리고 다시 적용하거나 그림을 파일로 저장하세요.",
  },
  "document-source-gone": {
    title: "그림의 바탕이 된 항목이 사라졌습니다",
    text: "변경을 취소하고 다시 적용하거나 그림을 파일로 저장하세요.",
  },
  "layer-unknown": {
    title: "여기서 만든 레이어가 아닙니다",
    text: "레시피가 없어 다시 그릴 수 없습니다. 선택하고 그 위에 새로 그리세요.",
  },
  "controls-unknown": {
    title: "여기에 없는 컨트롤이 있습니다",
    text: "다시 그리기는 같은 그림을 그립니다. 새 그림은 목록의 컨트롤만 따릅니다.",
  },
  "host-busy": {
    title: "편집기가 사용 중입니다",
    text: "대화 상자, 도구 또는 다른 플러그인이 잡고 있습니다. 마친 다음 다시 시도하세요.",
  },
  "host-failed": { title: "편집기가 처리하지 못했습니다", text: "바뀐 것은 없습니다. 다시 시도하세요." },
  "host-denied": { title: "편집기가 허용하지 않았습니다", text: "편집기 설정에서 플러그인 권한을 허용하세요." },
  "host-unsupported": { title: "이 편집기에서는 할 수 없습니다", text: "대신 그림을 파일로 저장할 수 있습니다." },
  "host-lost": {
    title: "편집기와 연결이 끊겼습니다",
    text: "편집기가 닫혔거나 다른 Underdraw 패널이 열렸을 수 있습니다. 그림은 그대로 있습니다. 간직할 것을 저장한 다음 패널을 다시 여세요.",
  },
  "bridge-closed": {
    title: "편집기와의 연결이 닫혔습니다",
    text: "그림은 그대로 있습니다. 간직할 것을 저장한 다음 패널을 다시 여세요.",
  },
  "bridge-protocol": { title: "편집기 쪽 버전이 다릅니다", text: "플러그인을 업데이트하고 패널을 다시 여세요." },
  "webgpu-missing": {
    title: "프로세서로 그립니다",
    text: "여기서는 WebGPU를 쓸 수 없습니다. 모두 작동하지만 더 오래 걸립니다.",
  },
  "webgpu-unavailable": {
    title: "WebGPU를 쓸 수 없습니다",
    text: "브라우저나 그래픽 드라이버를 업데이트하거나 프로세서로 그리세요.",
  },
  "feature-missing": { title: "필요한 기능이 없습니다", text: "이 기기나 페이지에는 그 기능이 없습니다." },
  "device-lost": {
    title: "그래픽 카드 연결이 끊겼습니다",
    text: "절전이나 드라이버 재시작 뒤에 생깁니다. 완성된 그림은 그대로입니다. 다시 시도하세요.",
  },
  "out-of-memory": {
    title: "메모리가 부족합니다",
    text: "다른 프로그램을 닫거나 더 작게 선택한 다음 다시 시도하세요.",
  },
  "runtime-failed": { title: "그리기 엔진에 문제가 생겼습니다", text: "완성된 그림은 그대로입니다. 다시 시도하세요." },
  timeout: { title: "너무 오래 걸렸습니다", text: "중단했습니다. 기기에 여유가 있을 때 다시 시도하세요." },
  "worker-crashed": {
    title: "그리기 엔진이 멈춰 새로 시작했습니다",
    text: "완성된 그림은 그대로입니다. 다시 시도하세요.",
  },
  "worker-crashed-again": {
    title: "그리기 엔진이 또 멈췄습니다",
    text: "메모리가 부족한 것 같습니다. 다른 프로그램을 닫거나 더 작게 선택한 다음 다시 시도하세요.",
  },
  "result-not-finite": {
    title: "그림이 깨졌습니다",
    text: "계산이 범위를 넘었습니다. 다시 시도하고, 반복되면 강도나 가이던스를 낮추세요.",
  },
  disposed: { title: "패널이 닫혔습니다", text: "다시 여세요." },
  "model-unknown": { title: "모델이 없습니다", text: "그 이름의 모델이 여기 없습니다. 필요한 컨트롤을 제거하세요." },
  "model-fetch": { title: "모델을 가져오지 못했습니다", text: "연결을 확인하고 다시 시도하세요." },
  "model-integrity": { title: "모델 파일이 손상되었습니다", text: "내용이 원래와 다릅니다. 새로 받으세요." },
  "model-incompatible": {
    title: "모델이 서로 맞지 않습니다",
    text: "그림을 다른 모델로 만들었거나 네트가 다른 계열입니다.",
  },
  "file-invalid": {
    title: "저장된 레시피를 읽을 수 없습니다",
    text: "손상되었거나 이 패널보다 새롭습니다. 새로 그리세요.",
  },
  "weights-not-finite": { title: "모델 파일이 손상되었습니다", text: "잘못된 숫자가 들어 있습니다. 새로 받으세요." },
  "picture-unreadable": { title: "그림을 읽을 수 없습니다", text: "다른 그림을 고르세요." },
  "file-unwritable": { title: "파일을 쓰지 못했습니다", text: "남은 공간을 확인하고 다시 시도하세요." },
  "storage-full": { title: "저장 공간이 부족합니다", text: "모델이나 다른 파일을 지운 다음 다시 시도하세요." },
  "condition-failed": { title: "맵을 그리지 못했습니다", text: "컨트롤 설정을 바꾸거나 다른 것을 선택하세요." },
  "request-invalid": { title: "사용할 수 없는 설정이 있습니다", text: "고친 다음 다시 시도하세요." },
  "training-data": { title: "이 쌍으로는 학습할 수 없습니다", text: "표시된 쌍을 고치거나 빼세요." },
  "training-diverged": { title: "학습이 벗어났습니다", text: "학습률을 낮추세요." },
  "locked-changed": { title: "잠긴 가중치가 바뀌었습니다", text: "모델을 새로 불러오세요." },
  failed: { title: "처리하지 못했습니다", text: "완성된 그림은 그대로입니다. 다시 시도하세요." },
  "map-empty": {
    title: "맵이 비어 있습니다",
    text: "따라 그릴 것을 찾지 못했습니다. 컨트롤을 더 민감하게 하거나 윤곽이 뚜렷한 것을 선택하세요.",
  },
  "map-inverted": { title: "맵이 반전된 것 같습니다", text: "이 네트는 검은 바탕의 밝은 선을 기대합니다." },
  "map-dark-on-transparent": {
    title: "맵의 선이 보이지 않습니다",
    text: "투명한 바탕에 어두운 선입니다. 흰 바탕에서 반전하면 보입니다.",
  },
  "map-flipped": { title: "앞뒤가 바뀐 것 같습니다", text: "이 맵에서는 가까운 것이 밝아야 합니다." },
  "map-other-kind": {
    title: "다른 종류의 맵 같습니다",
    text: "이 네트는 다른 맵을 읽습니다. 맞는 네트나 맵을 고르세요.",
  },
  "map-strokes-wide": {
    title: "맵의 선이 너무 굵습니다",
    text: "네트는 512픽셀에서 24픽셀까지의 선을 압니다. 더 가늘게 그리세요.",
  },
  "map-not-facing": {
    title: "맵의 노멀이 이상합니다",
    text: "면은 보는 쪽을 향해야 합니다. 빨강이나 초록의 방향이 반대일 수 있습니다.",
  },
  "map-blurred": {
    title: "맵의 색이 번졌습니다",
    text: "이 네트는 단색 영역만 압니다. 부드럽게 하지 말고 크기를 바꾸세요.",
  },
  "scene-absent": {
    title: "읽을 도형이 없습니다",
    text: "이 컨트롤은 문서의 도형을 읽는데 선택한 것에는 도형이 없습니다.",
  },
  "names-unknown": {
    title: "알 수 없는 레이어 이름이 있습니다",
    text: "하늘, 나무, 집처럼 보이는 것의 이름을 붙이세요.",
  },
  "model-unverified": {
    title: "알려진 모델 파일이 아닙니다",
    text: "그래도 읽었습니다. 맵이 이상하면 파일을 새로 받으세요.",
  },
  "model-range-assumed": {
    title: "모델 정보를 추정했습니다",
    text: "파일에 읽는 값의 범위가 없습니다. 맵이 이상하면 설정에서 고르세요.",
  },
  "source-vanishes": {
    title: "이 바탕에서는 그림이 사라집니다",
    text: "그린 것의 색이 투명한 부분 아래의 색과 같습니다.",
  },
  "map-resized": { title: "맵 크기를 조정했습니다", text: "그림과 크기가 달랐습니다." },
  "map-cut": { title: "맵을 잘랐습니다", text: "그림과 비율이 달라 가운데를 썼습니다." },
  "recipe-missing": {
    title: "레이어를 다시 그릴 수 없습니다",
    text: "이 페이지에서는 레시피를 만들 수 없습니다. 그림은 완전합니다.",
  },
  "size-rounded": { title: "크기를 맞췄습니다", text: "모델은 일정한 단위로 그립니다. 그림은 원래 크기로 잘랐습니다." },
  "control-inactive": {
    title: "효과가 없는 컨트롤이 있습니다",
    text: "작동하는 단계가 없습니다. 범위를 넓히거나 단계를 늘리세요.",
  },
  "prompt-cut": { title: "프롬프트가 너무 깁니다", text: "끝부분은 빠졌습니다. 중요한 말을 앞에 쓰세요." },
  "negative-unused": { title: "제외할 것이 반영되지 않았습니다", text: "가이던스가 1보다 커야 작동합니다." },
  "model-assumed": { title: "모델 정보를 추정했습니다", text: "파일에 모든 정보가 있지 않습니다." },
  "device-differs": { title: "다른 기기에서 그렸습니다", text: "문서의 그림과 조금 다를 수 있습니다." },
  "weights-differ": { title: "다르게 저장된 가중치로 그렸습니다", text: "문서의 그림과 조금 다를 수 있습니다." },
  noted: { title: "알아 두세요", text: "그림은 완성되었고 그 과정에서 바뀐 것이 있습니다." },
  "storage-blocked": {
    title: "여기에는 아무것도 보관할 수 없습니다",
    text: "편집기가 이 패널의 저장소를 막아 모델을 매번 새로 읽습니다. 그리기는 됩니다.",
  },
  "storage-absent": { title: "이 페이지에는 저장소가 없습니다", text: "모델을 매번 새로 읽습니다. 그리기는 됩니다." },
  "insecure-page": {
    title: "안전한 페이지가 아닙니다",
    text: "https가 아니면 WebGPU도 레이어의 레시피도 없습니다. https나 localhost에서 패널을 여세요.",
  },
  "results-full": {
    title: "가장 오래된 그림을 내보냈습니다",
    text: "메모리에 둘 수 있는 수가 정해져 있습니다. 간직할 것은 적용하거나 저장하세요.",
  },
};
