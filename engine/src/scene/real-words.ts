/**
 * Words of English that are spelled almost like a class's and mean something else, so that they are no misspellings:
 * chain is no chair. Taken by test/golden/scene/make-real-words.ts from the lists of SCOWL up to size 50, copyright
 * 2000-2016 by Kevin Atkinson, who permits use for any purpose where this notice stands.
 */
export const realWords: ReadonlySet<string> = new Set(
  `
ample animates appareled apparent appeared applies apply armories armoured armourer armourers armouries
asphalted automobiled automotive awing backpacked backpacker backpackers backspace backspaces backtrack
backtracks baluster bandanna bandannas banished banishes banker bankers banned banter banters barred
barreled barren barrens barrister barristers baseball baseballs based baser bashes basic basics basil basing
basis basked basses baste bastes battle battles beach beaches beard beards beats bedfellow bedfellows beech
beeches belch belches bellowed bewares biases bicycled biked biker bikers binds birdies blackball blackballs
blackest blackjack blackjacks bland blandest blanked blanker blankest blanketed blast blasters blasts
bleached bleacher bleaches blench blenches blend blends blinders blindest blinding blindsides bling blink
blinks blisters bloat bloats blond blondes blonds blossomed bluffest blush blushers blushes blusters
blustery boast boasts bolder bolsters bookies bootees booties boots booty bottled bounder bounders bowel
bowels breaches break breaks breast breasts breathers breed breeds bride brides bridged bridle bridles
bridling broad broads brood broods broom brooms broth broths brush brushes buffed buffer buffers buffeted
bullring bullrings bullying bunch bunches bundling bushy cadge cadges caged cagey caked canoed canon canons
canton cantons capering captains carbines carbon carbons careening careering caret carets carped carpel
carpels carpetbag carpetbags carpeted carryout cartoon cartoons cascaded cased cashes caste castes castled
cattle cause causes caviling cease ceases cellophane certain chain chains chaises chandler chandlers chase
chases cheek cheeks chili chilies chill chilling chillings chills chock chocks choir choirs choker chokers
clack clacks clapboard clapboards clarinet clarinets clashing click clicks clipboard clipboards cloak
cloaking cloaks cloches clocking clods clogging clomping clopping close closed closeout closeouts closer
closes closest closeted clothe clothed clothier clothiers cloths clotting clotures clouding cloudy clout
clouting clouts clowning cluck clucks clutches clutching coach coaches coast coasts coffeecakes coiling
columbines columned commodore commodores commoner commoners commuted commuter commuters commutes compacter
competed competes competing compiler compilers completer composer composers compotes compute computed
computerises computerizes computes conch conchs contains convened convenes converter converters conveyed
convoyed cooked cookeries cookery cooler coolers cooper coopers corseting cough coughs counted countered
countess countesses counties courtier courtiers coworker coworkers cradled crane cranes crape crapes crated
crater craters crave craves craze crazes creak creaks create creates creative creatives creators creed
creeds creel creels creep creeps crock crocks crotches crouch crouches culottes curate curates curtail
curtails curtained curtsies curvature curvatures cushioned cuticle cuticles dailies daily dairies dairy
daises defer defers desecrates deserted deserter deserters deserves dessert desserts deter deters dirties
dirty dishwater dollies dolly donates donor donors drainers drake drakes draped drawer dreamers dregs
dressed dressier dressy droll dross dunce dunces duress earthy edifies electrical electrician electricians
escalate escalated escalates escalation escalations excavator excavators fails fairyland fairylands fancying
farmhand farmhands farmyard farmyards fauns favoring feinting fells fenced fencer fencers fending fetching
fiend fiends filed fills firehouse firehouses flanges flavoring flavorings fleecing floating flocking
flogging floggings flooding flopping floral flossing flour flouring flours flouting flowed flowered
flowering flowery fluorine follower followers footballer footballers footfall footfalls foothill foothills
footrest footrests footwear forecast forecasts foremast foremasts foremost fores foresees forested forester
foresters forestry foretastes fringe fringes fruity fulls garbageman gavel gavels girdles glads glass glassy
gloss glosses grabs grads grams grandstanded grasp grasps grassy grave graved graveled gravelly gravely
graven graver graves grays gross grosses grovel grovels hammer hammers hampered handball handballs handmaid
handmaids hangnail hangnails hatch hatches hater haters header headers healer healers health hearer hearers
heart heartaches heartier hearties hearts hearty heated heath heather heaths hedged hilly hitch hitches
hoarse hoodies horde hordes horsed horsey hotel hotels housed hover hovers humane hunch hunches hydrates
keyboarded keyboarder keyboarders kited knaves knifed laddies locomotion maintain maintains marquess
marquesses marquise marquises mealy measles medal medals metal metals microwaved minimise minimises minimize
minimizes minimums mirrored monitored mooed moose mopes mopped mossy motorbiked motorcade motorcades
motorcycled motorise motorises motorize motorizes motorman motorway motorways mountainous mounting mountings
moused mouser mousers mousse mousy moved mowed neckline necklines orangeades paddle paddles pager pagers
paginating paining palate palates paleface palefaces paler palmy pamper pampers panting papery parabola
parabolas parenting parlance parqueted parquetry parse parses parson parsons patch patches patenting pathos
pauper paupers payer payers pebbled pebbly peddle peddles pedestrianises pedestrianizes peonies peony
peopled peppy persona personae personages personal personals pester pesters phonies phony piazza piazzas
pictured piddle piddles pierces piker pikers pillages pillowed pined piper pipers placarded placated
placement placements plaint plaints plait plaits planed planet planets plank planks plans plant plants plate
plated platen platens plates platformed pliant pliers pointing poled pollster pollsters poodles poppies
poppy portable portables porter porters poser posers posher posted postures potter potters pound pounds
prate prates printing printings psalm psalms puddled pulpy pulse pulses puncture punctures puree purees
purge purges pursed purser pursers pursue pursues pusses quiet quiets quill quills rabbi rabbis rabbited
racetrack racetracks racked racketed radiated radiates radiation radiations radioing raffling raiding
railroaded raining raising rallying rambling rankling rattling rattlings raveling reassign reassigns
receiver receivers recline reclined reclines refiling refrigerate refrigerated refrigerates refrigeration
remotely remoter remotest remove removes retailing retainer retainers reveres reviling rickets rider riders
rifer riling riper riser risers riven rivet rivets roadside roadsides rocket rockets rocky roiling rouse
rouses rover rovers runaway runaways safflower safflowers sailboard sailboards sandwiched sandy satires
scanties scanty schooner schooners scissor scone scones scooted scream screams screened scripture scriptures
scrub scrubs sculptor sculptors sculptural sculptured sedates seeps senates setter setters settle settles
shackles shandy shank shanks shark sharks sheaf shearing sheaves shedding sheen sheer sheering sheers sheet
sheeting sheets shell shelling shells shied shielding shift shifts shilling shillings shire shires shirk
shirks shirr shirrs shock shocks shone shooter shooters shopping short shorts shove shoves showcased showed
showered showery showier shred shreds shriving shrug shrugs shuck shucks sidebars sidewall sidewalls
sideways sizeable skateboarded skateboarder skateboarders skids skims skins skips skirt skirts skits slack
slacks sleep sleeps slink slinks slower smack smacks smelling smelting smoother snack snacks snootier
snowboarded snowbound snowy sower sowers spelling spellings spoil spoils spoof spoofs spook spooks spool
spools spoor spoors spotlighted stack stacks staged stags staid stain stains stake stakes stale stales stand
stands stare stares starlight stars statuettes stature statures status statuses statute statutes stave
staves steam steams steep stems steppes stews stink stinks stirs stoned stoner stoners stonewalled stoneware
stony stood stooges stoop stoops stopping stops strafes strap straps stray strays streak streaks streamed
streamer streamers strep strew strews strove sunshine surfboarded sweat sweats sweep sweeps swelling
swellings swerving swoon swoons tabled tableland tablelands tablet tablets tallies tally taster tasters
teamster teamsters televising tells template templates tenet tenets tenth tenths thank thanks three threes
toasted toastier toddies toddy toiled toiler toilers toileted toiletries toiletry toilette toner track
tracks trafficking trail trails train trainees trains trait traits transformer transformers transponder
transponders transport transported transports trashing trawl trawls treed trial trials trick tricks trowel
trowels truce truces truckles trunk trunks twain vegetate vegetates venerable veritable villages viola
violas wader waders wafer wafers wager wagers wails waiter waiters wales walks wallowed wallpaper wallpapers
wardroom wardrooms washed washes waster wasters waterfowl waterfowls watermark watermarks watery waver
wavers wells widow widows wills windlass windlasses windowed wingless winnow winnows wisher wishers woken
woodies woodsy woody woofs words workshop workshops woven
`
    .trim()
    .split(/\s+/),
);
