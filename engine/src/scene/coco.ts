import { type Palette, paletteOf } from "./palette.ts";

/**
 * The 133 classes of COCO's panoptic list: 80 things, then 53 stuffs, in that order, with its colours, all different.
 * Names are the data set's own; words of a merged class are the classes that it was merged from (Caesar et al.,
 * COCO-Stuff), everyday words and the Korean ones ours.
 */
export const coco: Palette = paletteOf(
  "coco",
  `
person dc143c: people, human, man, men, woman, women, boy, girl, child, children, kid, baby, lady, guy, pedestrian, grandmother, grandfather, grandma, grandpa, 사람, 인물, 인간, 남자, 여자, 소년, 소녀, 아이, 아기, 어린이, 여자아이, 남자아이, 할머니, 할아버지, 아저씨, 아주머니, 엄마, 아빠, 군중, ~individual, ~figure, ~character, ~face, ~hair, ~body, ~캐릭터, ~얼굴
bicycle 770b20: bike, 자전거, 바이크, ~wheel, ~cycle
car 00008e: auto, automobile, motorcar, taxi, van, minivan, 자동차, 차, 승용차, 택시, ~machine, ~vehicle
motorcycle 0000e6: motorbike, scooter, moped, 오토바이, 스쿠터
airplane 6a00e4: aeroplane, plane, aircraft, 비행기, 항공기
bus 003c64: autobus, minibus, double decker, 버스, 시내버스, ~coach
train 005064: locomotive, subway train, 기차, 열차, 전철, 지하철
truck 000046: lorry, pickup truck, motortruck, 트럭, 화물차
boat 0000c0: ship, rowboat, sailboat, sail boat, canoe, 보트, 선박, 나룻배, 돛단배, 요트, ~배
traffic light faaa1e: traffic signal, stoplight, stop light, 신호등, 교통 신호
fire hydrant 64aa1e: hydrant, 소화전
stop sign dcdc00: 정지 표지판, 멈춤 표지판, ~sign
parking meter af74af: 주차 요금기, 주차 미터기
bench fa001e: park bench, 벤치, 긴 의자
bird a52a2a: pigeon, seagull, sparrow, 새, 비둘기, 갈매기, 참새
cat ff4dff: kitten, 고양이, 새끼 고양이
dog 00e2fc: puppy, 개, 강아지
horse b6b6ff: pony, 말, 조랑말
sheep 005200: lamb, 양떼, 어린 양, ~양
cow 78a69d: cattle, 소, 젖소, 황소
elephant 6e4c00: 코끼리
bear ae39ff: 곰, 불곰
zebra c76400: 얼룩말
giraffe 480076: 기린
backpack ffb3f0: rucksack, 배낭, 백팩
umbrella 007d5c: parasol, 우산, 양산, 파라솔
handbag d10097: purse, hand bag, 핸드백, 손가방, ~bag, ~가방
tie bcd0b6: necktie, neck tie, 넥타이
suitcase 00dcb0: luggage, 여행 가방, 캐리어, 트렁크
frisbee ff63a4: 프리스비, 원반
skis 5c0049: ski, 스키, 스키판
snowboard 8581ff: 스노보드, 스노우보드
sports ball 4eb4ff: ball, football, soccer ball, basketball, beach ball, tennis ball, 공, 축구공, 농구공, 야구공
kite 00e400: 연, 가오리연
baseball bat aefff3: 야구 방망이, 야구 배트, ~bat
baseball glove 2d59ff: baseball mitt, 야구 글러브, 야구 장갑
skateboard 868667: 스케이트보드
surfboard 9194ae: 서핑보드, 서프보드
tennis racket ffd0ba: tennis racquet, racket, 테니스 라켓, 라켓
bottle c5e2ff: wine bottle, water bottle, 병, 물병, 술병, 유리병
wine glass ab8601: 와인잔, 와인 글라스, 포도주잔, ~glass
cup 6d3f36: mug, coffee cup, teacup, 컵, 머그컵, 찻잔, 잔
fork cf8aff: 포크
knife 97005f: 칼, 나이프, 식칼
spoon 09503d: 숟가락, 스푼, 수저
bowl 546933: 그릇, 사발, 대접
banana 4a4169: 바나나
apple a6c466: 사과
sandwich d0c3d2: 샌드위치
orange ff6d41: 오렌지, 귤
broccoli 008f95: 브로콜리
carrot b300c2: 당근
hot dog d1636a: 핫도그
pizza 057900: 피자
donut e3ffcd: doughnut, 도넛, 도너츠
cake 93bad0: cupcake, 케이크, 케익
chair 994501: armchair, arm chair, dining chair, swivel chair, office chair, stool, 의자, 걸상, 안락의자
couch 035fa1: sofa, settee, 소파, 쇼파, 카우치
potted plant a3ff00: house plant, houseplant, flower pot, flowerpot, plant pot, 화분, 화분 식물, ~plant, ~식물
bed 7700aa: 침대, 베드
dining table 00b6c7: kitchen table, 식탁, 다이닝 테이블
toilet 00a578: toilet bowl, 변기, 양변기, 좌변기
tv b78258: television, television set, tv set, telly, monitor, computer monitor, 텔레비전, 티비, 티브이, 모니터
laptop 5f2000: notebook computer, laptop computer, 노트북, 노트북 컴퓨터, ~computer, ~컴퓨터
mouse 827287: computer mouse, 마우스
remote 6e8185: remote control, tv remote, 리모컨, 리모콘
keyboard a64a76: computer keyboard, 키보드, 자판
cell phone db8eb9: mobile phone, cellphone, smartphone, 휴대폰, 핸드폰, 스마트폰, ~phone, ~전화기
microwave 4fd272: microwave oven, 전자레인지, 마이크로웨이브
oven b25a3e: stove, kitchen range, 오븐, 가스레인지
toaster 41460f: 토스터, 토스터기
sink 7fa773: washbasin, wash basin, basin, 싱크대, 세면대, 개수대
refrigerator 3b696a: fridge, icebox, 냉장고
book 8e6c2d: 책, 도서, 서적
clock c4ac00: wall clock, alarm clock, 시계, 벽시계, 괘종시계
vase 5f3650: flower vase, 꽃병, 화병
scissors 804cff: 가위
teddy bear c93901: teddy, 곰 인형, 테디베어, 곰인형
hair drier f6007a: hair dryer, hairdryer, 헤어드라이어, 드라이기
toothbrush bfa2d0: 칫솔
banner ffff80: 현수막, 배너, 플래카드
blanket 93d3cb: quilt, duvet, 담요, 이불, 모포, ~cover
bridge 966464: footbridge, 교량, 대교, 구름다리, ~다리
cardboard a8abac: cardboard box, carton, 골판지, 판지, 종이 상자
counter 9270c6: countertop, counter top, worktop, 카운터, 조리대, 계산대
curtain d2aa64: drape, drapery, 커튼, 휘장
door-stuff 5c8859: double door, screen door, doorway, 문, 출입문, 현관문, 대문, ~gate
floor-wood da58b8: wood floor, wooden floor, parquet, 마루, 나무 바닥, 마룻바닥
flower f18100: rose, tulip, sunflower, daisy, blossom, 꽃, 장미, 해바라기, 튤립, ~petal
fruit d911ff: 과일, 열매
gravel 7c4ab5: pebble, 자갈, 자갈밭
house 464646: cottage, farmhouse, villa, hut, 집, 주택, 가옥, 한옥, 오두막, ~home, ~cabin
light ffe4ff: lamp, table lamp, floor lamp, ceiling light, chandelier, street lamp, streetlight, street light, spotlight, 조명, 전등, 램프, 가로등, 샹들리에, ~빛, ~등
mirror-stuff 9ad000: looking glass, 거울, 미러
net c1005c: fishing net, tennis net, 그물, 네트, 그물망
pillow 4c5b71: cushion, bed pillow, 베개, 쿠션
platform ffb4c3: train platform, 승강장, 플랫폼
playingfield 6a9ab0: playing field, sports field, football field, soccer field, tennis court, 경기장, 운동장, 축구장, ~court
railroad e6968c: railway, rail track, train track, 철도, 철로, 기찻길, 선로, ~rail
river 3c8fff: stream, creek, brook, 강, 강물, 하천, 시내, 개울
road 804080: street, highway, roadway, asphalt, dirt road, 도로, 길, 차도, 거리, ~route, ~lane
roof 5c5237: rooftop, 지붕, 옥상
sand fed47c: sand dune, dune, desert, sandy beach, 모래, 백사장, 모래사장, 사막, ~beach, ~해변
sea 494dae: ocean, 바다, 바닷물, 해양, 대양, ~wave, ~waves, ~파도
shelf ffa062: bookshelf, book shelf, bookcase, rack, 선반, 책장, 책꽂이, 진열대
snow ffffff: snowfield, 눈밭, 설원, 흰눈, ~눈
stairs 68546d: steps, stair, staircase, stairway, 계단, 층계
tent a9a483: marquee, 텐트, 천막
towel e1c7ff: bath towel, 수건, 타월
wall-brick 89364a: brick wall, 벽돌 벽, 벽돌벽, 벽돌담, ~brick, ~벽돌
wall-stone 879edf: stone wall, 돌벽, 돌담, 석벽
wall-tile 07f6e7: tile wall, tiled wall, 타일 벽, 타일벽
wall-wood 6bffc8: wood wall, wooden wall, 나무 벽, 판자벽
water-other 3a2995: lake, pond, puddle, waterfall, water fall, fountain, fog, 물, 호수, 연못, 폭포, 분수, 물웅덩이
window-blind b7798e: blind, blinds, window shade, roller blind, 블라인드, 창문 블라인드
window-other ff4961: windowpane, window pane, window frame, 창문, 창, 유리창, 창틀
tree-merged 6b8e23: oak tree, pine tree, palm tree, palm, pine, oak, forest, woods, bush, shrub, hedge, tree trunk, 나무, 숲, 소나무, 야자수, 덤불, ~branch, ~leaves, ~foliage, ~trunk
fence-merged be9999: fencing, picket fence, railing, cage, 울타리, 담장, 펜스, 난간, ~rail
ceiling-merged 928b8d: ceiling tile, 천장, 천정
sky-other-merged 4682b4: cloud, clouds, cloudscape, 하늘, 밤하늘, 구름, 먹구름, 뭉게구름, 창공, ~sun, ~moon, ~rainbow, ~해, ~달, ~노을
cabinet-merged 86c79c: cupboard, wardrobe, closet, kitchen cabinet, 수납장, 캐비닛, 찬장, 옷장
table-merged d1e28c: desk, coffee table, side table, bedside table, 테이블, 탁자, 책상
floor-other-merged 60246c: flooring, floor tile, marble floor, 바닥, 바닥재, 타일 바닥
pavement-merged 606060: sidewalk, footway, stone floor, 인도, 보도, 보행로
mountain-merged 40aa40: hill, mountain range, mountainside, hillside, mountain peak, 산, 언덕, 산맥, 산봉우리, ~mount, ~peak, ~ridge
grass-merged 98fb98: lawn, turf, moss, straw, meadow, 잔디, 풀, 풀밭, 잔디밭, 초원, ~field
dirt-merged d0e5e4: mud, earth, soil, dirt track, 흙, 땅, 진흙, ~ground, ~지면
paper-merged cebaab: napkin, paper sheet, 종이, 냅킨
food-other-merged 98a140: salad, vegetable, meal, bread, 음식, 채소, 샐러드, 빵
building-other-merged 747000: skyscraper, edifice, tower, apartment, office building, castle, temple, church, palace, 건물, 빌딩, 고층 건물, 고층 빌딩, 건축물, 아파트, 마천루, ~school, ~factory, ~성
rock-merged 00728f: stone, boulder, 바위, 돌, 돌멩이, 암석, ~cliff
wall-other-merged 66669c: walls, concrete wall, wall panel, 벽, 벽면, 담벼락, 벽체
rug-merged fa8dff: carpet, mat, carpeting, 러그, 카펫, 양탄자, 깔개
`,
);
