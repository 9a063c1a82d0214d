import { type Palette, paletteOf } from "./palette.ts";

/**
 * The 150 classes of ADE20K's scene parsing list, in its order, with the colours that segmentation nets were trained on.
 * Names and first synonyms are the data set's own (Zhou et al., Scene Parsing through ADE20K); everyday words and the
 * Korean ones are ours. Two classes share a colour: road and skyscraper.
 */
export const ade20k: Palette = paletteOf(
  "ade20k",
  `
wall 787878: walls, brick wall, stone wall, 벽, 벽면, 담벼락, 벽체
building b47878: edifice, apartment, office building, castle, temple, church, palace, 건물, 빌딩, 건축물, 아파트, ~school, ~factory, ~성
sky 06e6e6: cloud, clouds, cloudscape, 하늘, 밤하늘, 구름, 먹구름, 뭉게구름, 창공, ~sun, ~moon, ~rainbow, ~해, ~달, ~노을
floor 503232: flooring, wood floor, wooden floor, 바닥, 마루, 마룻바닥, 바닥재
tree 04c803: oak tree, pine tree, pine, oak, tree trunk, tree crown, forest, woods, 나무, 수목, 소나무, 숲, ~trunk, ~branch, ~leaves, ~foliage
ceiling 787850: 천장, 천정
road 8c8c8c: street, highway, roadway, asphalt, 도로, 길, 차도, 거리, ~route, ~lane
bed cc05ff: 침대, 베드
windowpane e6e6e6: window, window pane, window frame, 창문, 창, 유리창, 창틀
grass 04fa07: lawn, turf, meadow grass, 잔디, 풀, 풀밭, 잔디밭
cabinet e005ff: cupboard, kitchen cabinet, 수납장, 캐비닛, 찬장, 장식장
sidewalk ebff07: pavement, footway, 인도, 보도, 보행로
person 96053d: people, human, man, men, woman, women, boy, girl, child, children, kid, baby, lady, guy, pedestrian, grandmother, grandfather, grandma, grandpa, 사람, 인물, 인간, 남자, 여자, 소년, 소녀, 아이, 아기, 어린이, 여자아이, 남자아이, 할머니, 할아버지, 아저씨, 아주머니, 엄마, 아빠, 군중, 보행자, ~individual, ~someone, ~somebody, ~figure, ~character, ~face, ~hair, ~body, ~캐릭터, ~얼굴
earth 787846: dirt, 흙, 땅, 토양, 맨땅, ~ground, ~지면
door 08ff33: double door, front door, doorway, 문, 출입문, 현관문, 대문, ~gate
table ff0652: dining table, side table, bedside table, 테이블, 탁자, 식탁
mountain 8fff8c: mountain range, mountainside, mountain peak, 산, 산맥, 산봉우리, ~mount, ~peak, ~ridge
plant ccff04: flora, plant life, potted plant, houseplant, bush, shrub, hedge, 식물, 화초, 덤불, 관목
curtain ff3307: drape, drapery, curtains, 커튼, 휘장, ~mantle, ~pall
chair cc4603: dining chair, 의자, 걸상
car 0066c8: auto, automobile, motorcar, taxi, 자동차, 차, 승용차, 택시, ~machine, ~vehicle
water 3de6fa: pond, puddle, 물, 수면, 연못, ~wave, ~waves, ~물결
painting ff0633: picture, wall art, picture frame, painting frame, 그림, 액자, 회화, ~photo, ~portrait
sofa 0b66ff: couch, settee, 소파, 쇼파, 카우치, ~lounge
shelf ff0747: shelving, rack, 선반, 진열대
house ff09e0: cottage, farmhouse, villa, 집, 주택, 가옥, 한옥, ~home, ~cabin
sea 0907e6: ocean, 바다, 바닷물, 해양, 대양, ~wave, ~파도
mirror dcdcdc: looking glass, 거울, 미러
rug ff095c: carpet, carpeting, mat, 러그, 카펫, 양탄자, 깔개
field 7009ff: meadow, farmland, 들판, 밭, 초원, 벌판, ~들, ~논
armchair 08ffd6: arm chair, recliner, 안락의자, 팔걸이의자, 암체어
seat 07ffe0: theater seat, 좌석, 객석
fence ffb806: fencing, picket fence, 울타리, 담장, 펜스
desk 0aff47: writing desk, office desk, 책상, 사무용 책상
rock ff290a: stone, boulder, pebble, 바위, 돌, 돌멩이, 암석, 자갈, ~cliff
wardrobe 07ffff: closet, armoire, 옷장, 장롱, ~press
lamp e0ff08: table lamp, floor lamp, desk lamp, 램프, 스탠드 조명, 탁상등, ~등
bathtub 6608ff: bathing tub, tub, bath tub, 욕조, ~bath
railing ff3d06: guard rail, guardrail, 난간, 가드레일, ~rail
cushion ffc207: seat cushion, 쿠션, 방석
base ff7a08: pedestal, plinth, 받침대, 기단, 받침, ~stand
box 00ff14: carton, cardboard box, crate, 상자, 박스
column ff0829: pillar, 기둥, 원기둥
signboard ff0599: street sign, shop sign, road sign, sign board, traffic sign, billboard, 간판, 광고판, 표지판, 안내판, ~sign
chest of drawers 0633ff: bureau, dresser, drawers, 서랍장, 화장대, ~chest
counter eb0cff: shop counter, 계산대, 카운터
sand a09614: sand dune, dune, desert, sandy beach, 모래, 백사장, 모래사장, 사막, ~beach, ~해변
sink 00a3ff: washbasin, wash basin, basin, 싱크대, 세면대, 개수대
skyscraper 8c8c8c: high rise, tower block, 고층 건물, 고층 빌딩, 마천루, 초고층빌딩
fireplace fa0a0f: hearth, open fireplace, 벽난로, 난로
refrigerator 14ff00: fridge, icebox, 냉장고
grandstand 1fff00: covered stand, bleachers, 관중석, 관람석, 스탠드석
path ff1f00: footpath, foot path, pathway, trail, walkway, garden path, 오솔길, 샛길, 소로
stairs ffe000: steps, 계단, 층층대
runway 99ff00: airstrip, 활주로
case 0000ff: display case, showcase, vitrine, 진열장, 진열 케이스, 케이스
pool table ff4700: billiard table, snooker table, 당구대, 포켓볼대
pillow 00ebff: bed pillow, 베개
screen door 00adff: 방충문, 망문
stairway 1f00ff: staircase, flight of stairs, 계단실, 층계
river 0bc8c8: stream, creek, brook, 강, 강물, 하천, 시내, 개울
bridge ff5200: footbridge, 교량, 대교, 구름다리, ~span, ~다리
bookcase 00fff5: book case, bookshelf, book shelf, 책장, 책꽂이, 서가
blind 003dff: window blind, window shade, roller blind, blinds, 블라인드, ~발
coffee table 00ff70: cocktail table, 커피 테이블, 티테이블
toilet 00ff85: commode, toilet bowl, 변기, 양변기, 좌변기, ~can, ~throne, ~potty
flower ff0000: rose, tulip, sunflower, daisy, blossom, 꽃, 장미, 해바라기, 튤립, ~petal
book ffa300: 책, 도서, 서적
hill ff6600: hillside, 언덕, 구릉, 동산
bench c2ff00: park bench, 벤치, 긴 의자
countertop 008fff: counter top, worktop, 조리대, 상판, 싱크대 상판
stove 33ff00: kitchen stove, kitchen range, cooking stove, cooker, 가스레인지, 레인지, 화덕, ~range
palm 0052ff: palm tree, coconut tree, 야자수, 야자나무, 종려나무
kitchen island 00ff29: 아일랜드 식탁, 아일랜드 조리대
computer 00ffad: laptop, notebook computer, desktop computer, electronic computer, 컴퓨터, 노트북, 피시
swivel chair 0a00ff: office chair, desk chair, 회전의자, 사무용 의자
boat adff00: rowboat, sailboat, row boat, sail boat, canoe, 보트, 나룻배, 돛단배, 요트, ~배
bar 00ff99: pub bar, bar counter, 바, 술집 바
arcade machine ff5c00: arcade game, slot machine, 오락기, 게임기, 아케이드 게임기
hovel ff00ff: hut, hutch, shack, shanty, shed, 오두막, 판잣집, 움막
bus ff00f5: autobus, double decker, motorbus, motorcoach, omnibus, minibus, 버스, 시내버스, ~coach, ~passenger vehicle
towel ff0066: bath towel, 수건, 타월
light ffad00: light source, ceiling light, ceiling lamp, spotlight, 조명, 전등, 불빛, ~빛
truck ff0014: motortruck, lorry, pickup truck, 트럭, 화물차
tower ffb8b8: lighthouse, bell tower, 탑, 타워, 등대
chandelier 001fff: pendant lamp, 샹들리에, ~pendant, ~pendent
awning 00ff3d: sunshade, sunblind, 차양, 어닝
streetlight 0047ff: street lamp, street light, lamp post, lamppost, 가로등
booth ff00cc: cubicle, kiosk, phone booth, 부스, 칸막이, 매점, ~stall
television receiver 00ffc2: television, television set, tv, tv set, telly, 텔레비전, 티비, 티브이, 테레비
airplane 00ff52: aeroplane, plane, aircraft, jet plane, 비행기, 항공기
dirt track 000aff: dirt road, dirt path, 비포장도로, 흙길
apparel 0070ff: wearing apparel, dress, clothes, clothing, shirt, coat, 옷, 의류, 의상, 옷가지, ~jacket
pole 3300ff: utility pole, flagpole, telephone pole, 전봇대, 장대, 전신주, ~post
land 00c2ff: soil, 대지, 육지, 토지, ~ground, ~island
bannister 007aff: banister, balustrade, balusters, handrail, hand rail, 계단 난간, 손잡이 난간
escalator 00ffa3: moving staircase, moving stairway, 에스컬레이터, 자동계단
ottoman ff9900: pouf, pouffe, hassock, footstool, 오토만, 발받침, 스툴형 쿠션, ~puff
bottle 00ff0a: wine bottle, water bottle, 병, 물병, 술병, 유리병
buffet ff7000: sideboard, 뷔페장, 사이드보드
poster 8fff00: placard, wall poster, 포스터, 벽보, 대자보, ~card, ~notice, ~bill, ~posting
stage 5200ff: theater stage, 무대, 스테이지
van a3ff00: minivan, delivery van, 승합차, 밴, 봉고차
ship ffeb00: cruise ship, sailing ship, cargo ship, 선박, 여객선, 함선, ~배
fountain 08b8aa: water fountain, 분수, 분수대
conveyer belt 8500ff: conveyor belt, conveyer, conveyor, transporter, 컨베이어 벨트, 컨베이어
canopy 00ff5c: bed canopy, 캐노피, 천개, 덮개 지붕
washer b800ff: automatic washer, washing machine, 세탁기, 빨래 기계
plaything ff001f: toy, doll, teddy bear, 장난감, 인형, 완구
swimming pool 00b8ff: swimming bath, natatorium, pool, 수영장, 풀장
stool 00d6ff: bar stool, 스툴, 등받이 없는 의자
barrel ff0070: cask, keg, 통, 술통, 드럼통, 나무통
basket 5cff00: handbasket, hamper, 바구니, 광주리
waterfall 00e0ff: falls, water fall, cascade, 폭포, 폭포수
tent 70e0ff: collapsible shelter, marquee, 텐트, 천막
bag 46b8a0: handbag, backpack, suitcase, 가방, 봉투, 배낭, 손가방
minibike a300ff: motorbike, motorcycle, scooter, moped, 오토바이, 스쿠터, 미니바이크
cradle 9900ff: crib, baby bed, 요람, 아기 침대
oven 47ff00: 오븐, 화로
ball ff00a3: football, soccer ball, basketball, beach ball, 공, 축구공, 농구공
food ffcc00: solid food, meal, bread, fruit, 음식, 먹거리, 식품, 과일, 빵
step ff008f: stair, doorstep, 디딤판, 발판, 디딤돌
tank 00ffeb: storage tank, water tank, 물탱크, 탱크, 저장 탱크
trade name 85ff00: brand name, 상표, 상호, 브랜드명, ~brand, ~marque, ~logo, ~로고
microwave ff00eb: microwave oven, 전자레인지, 마이크로웨이브
pot f500ff: flowerpot, flower pot, plant pot, 화분, 냄비, 항아리
animal ff007a: animate being, beast, creature, fauna, dog, puppy, cat, kitten, horse, cow, sheep, bird, rabbit, deer, elephant, giraffe, bear, lion, zebra, fox, pig, seagull, 동물, 짐승, 강아지, 개, 고양이, 새, 갈매기, 소, 젖소, 토끼, 사슴, 코끼리, 기린, 곰, 사자, 호랑이, 얼룩말, 여우, 돼지, ~말, ~양
bicycle fff500: bike, 자전거, 바이크, ~wheel, ~cycle
lake 0abed4: 호수, 호숫물, 저수지
dishwasher d6ff00: dish washer, dishwashing machine, 식기세척기, 식세기
screen 00ccff: silver screen, projection screen, 스크린, 영사막, 화면
blanket 1400ff: quilt, duvet, bed cover, 담요, 이불, 모포, ~cover
sculpture ffff00: statue, 조각상, 동상, 조각품
hood 0099ff: exhaust hood, range hood, 환풍기 후드, 레인지 후드, 배기 후드
sconce 0029ff: wall lamp, wall light, 벽등, 벽걸이 조명
vase 00ffcc: flower vase, 꽃병, 화병
traffic light 2900ff: traffic signal, stoplight, stop light, 신호등, 교통 신호
tray 29ff00: serving tray, 쟁반, 트레이
ashcan ad00ff: trash can, garbage can, wastebin, waste bin, ash bin, ashbin, dustbin, trash barrel, trash bin, 쓰레기통, 휴지통
fan 00f5ff: ceiling fan, electric fan, 선풍기, 환풍기, 부채
pier 4700ff: wharf, wharfage, jetty, 부두, 선착장, 잔교, ~dock
crt screen 7a00ff: crt monitor, crt, 브라운관, 브라운관 모니터
plate 00ffb8: dinner plate, dish, 접시, 그릇
monitor 005cff: monitoring device, computer monitor, 모니터, 컴퓨터 모니터
bulletin board b8ff00: notice board, noticeboard, 게시판, 알림판
shower 0085ff: shower head, shower stall, 샤워기, 샤워 부스, 샤워
radiator ffd600: heater, 라디에이터, 방열기, 난방기
glass 19c2c2: drinking glass, wine glass, 유리컵, 유리잔, 컵, 잔, ~유리
clock 66ff00: wall clock, alarm clock, 시계, 벽시계, 괘종시계
flag 5c00ff: national flag, 깃발, 국기, 태극기
`,
);
